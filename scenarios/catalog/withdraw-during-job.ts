import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-10, WC-13. The smallest cast in which a job changes hands: one slot, one job, and somebody who waits for it. */
export const withdrawDuringJob: Scenario = {
  name: "withdraw-during-job",
  title: "withdraw in the middle of the only job: another agent ends it from its checkpoint",
  description:
    "A donor with one slot withdraws while its only job runs. The job goes back with a checkpoint of where it stood, a " +
    "relief agent takes it over, goes on from there and not from zero, and ends it with the right result.",
  requirements: ["WC-4", "WC-10", "WC-13", "WC-16"],
  tags: ["withdraw", "migration"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ slots, jobs }) => [
    {
      checker: "jobs-settled",
      settings: { startedMin: jobs, handedBackMin: Math.min(slots, jobs), completedAll: 1 },
    },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "returned-at-once" },
    { checker: "progress-kept" },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured", settings: { reportsMin: 2 } },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
