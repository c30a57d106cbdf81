import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

const downMs = 500;

/**
 * I1, I3: a broker that was killed knows its leases again, who holds one works on meanwhile, and what it achieved
 * outlives both (docs/cases.md, case 17).
 */
export const brokerRestart: Scenario = {
  name: "broker-restart",
  title: "the broker is killed and comes back: jobs run on, and nobody gets one twice",
  description:
    "The broker is killed (SIGKILL) while an agent works for it, and is back before a lease runs out. The agent works on " +
    "meanwhile, is believed afterwards, and hears what it is told; what it said before the kill is not taken twice. " +
    "Then a job ends while the broker is dead, and the agent is killed before it could tell anybody: when both are " +
    "back, it tells it. Each job was handed out once, and every result is right.",
  requirements: ["WC-11"],
  tags: ["broker", "fault"],
  stages: ["host", "netns", "sim"],
  store: "sqlite",
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  // On a busy machine its start takes seconds, and whoever cannot renew a lease in time has to stop.
  timing: { ...briskTiming, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 100, unitCpuMs: 15, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "kill-broker", downMs, replays: "donor" },
    { step: "command", agent: "donor", command: "pause" },
    { step: "wait-until", event: "agent.frozen", where: { trigger: "command #1" }, agent: "donor", withinMs: 60_000 },
    { step: "resume", agent: "donor" },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "submit", batch: "work", jobs: 1, units: 60, unitCpuMs: 15, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: 1, withinMs: 60_000 },
    { step: "kill-broker" },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "sandboxes-running", agent: "donor", max: 0 } },
    { step: "kill", agent: "donor" },
    { step: "start-broker" },
    { step: "restart", agent: "donor", withinMs: 60_000 },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs + 1, completedAll: 1 } },
    { checker: "granted-once" },
    { checker: "results-correct", settings: { resultsMin: jobs + 1 } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
