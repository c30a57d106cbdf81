import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { swiftTiming } from "./swift-timing.ts";

const withdrawDeadlineMs = 10_000;

/** I1, I2: a process that stood still does not know it, and must not be believed. */
export const agentFrozenPastItsLease: Scenario = {
  name: "agent-frozen-past-its-lease",
  title: "an agent stands still until its leases are over: others end its jobs, and what it says then is fenced",
  description:
    "An agent is stopped (SIGSTOP) while its jobs run on beneath it. Its leases run out, a relief agent gets the jobs. " +
    "Results that come under the first one's leases, signed with its key, are fenced, and the relief's count; on a real " +
    "host, what others sign in its name, or send once more, is refused. Then the first goes on itself. Each job is completed once, and both agents leave nothing.",
  requirements: ["WC-1", "WC-13"],
  tags: ["lease", "fencing", "fault"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: swiftTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 60, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "fault", fault: { kind: "stop-process", process: "donor" } },
    { step: "join", agent: "relief", slots },
    {
      ...{ step: "wait-until", event: "broker.released", where: { how: "agent-lost" }, agent: "donor" },
      ...{ count: Math.min(slots, jobs), withinMs: 60_000 },
    },
    // Whatever else waited, it takes that too.
    {
      ...{ step: "wait-until", event: "broker.leased", agent: "relief" },
      ...{ count: Math.min(slots, jobs), withinMs: 60_000 },
    },
    { step: "send-stale-results", agent: "donor" },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "heal", fault: "stop-process" },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "state", agent: "donor", is: "Idle" } },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "stale-fenced", settings: { resultsMin: Math.min(slots, jobs) } },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
  ],
};
