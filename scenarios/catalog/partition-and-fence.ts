import type { Scenario } from "../steps/scenario.ts";
import { swiftTiming } from "./swift-timing.ts";

const withdrawDeadlineMs = 10_000;

/** I1, I2: whoever is cut off gives its work up before anybody else gets it; docs/cases.md, cases 3 and 4. */
export const partitionAndFence: Scenario = {
  name: "partition-and-fence",
  title: "an agent is cut off from its broker: it gives its jobs up by its own clock, before another gets them",
  description:
    "The line between a busy agent and its broker goes dead, both ways. The agent cannot renew its leases and ends its " +
    "jobs by itself, before they are granted to a relief agent, which finishes them. When the line is whole again the " +
    "first has nothing to say to them, and is given others: each job is completed once, and both agents leave nothing.",
  requirements: ["WC-1", "WC-13"],
  tags: ["lease", "fencing", "fault", "partition"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: swiftTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots: slots + 1, link: true },
    { step: "submit", batch: "work", jobs, units: 200, unitCpuMs: 20, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "join", agent: "relief", slots: slots + 1 },
    { step: "fault", fault: { kind: "disturb-link", agent: "donor", toxic: { type: "blackhole" } } },
    { step: "wait-until", event: "broker.leased", agent: "relief", count: 1, withinMs: 60_000 },
    { step: "probe", holds: { fact: "sandboxes-running", agent: "donor", max: 0 } },
    { step: "heal", fault: "disturb-link" },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "broker-heard", agent: "donor", is: true } },
    // More than the relief has room for, so that the first is needed again.
    { step: "submit", batch: "after", jobs: 2 * (slots + 1), units: 40, unitCpuMs: 10, children: 0 },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "leases", agent: "donor", min: 1 } },
    { step: "await-settled", batch: "work", withinMs: 300_000 },
    { step: "await-settled", batch: "after", withinMs: 300_000 },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs + 2 * (slots + 1), completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured", settings: { reportsMin: 2 } },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "key-revoked" },
  ],
};
