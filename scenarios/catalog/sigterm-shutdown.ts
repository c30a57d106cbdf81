import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

const shutdownWithinMs = 60_000;

/** EG-2, EG-4. */
export const sigtermShutdown: Scenario = {
  name: "sigterm-shutdown",
  title: "SIGTERM ends the process and no more: jobs go back, and it comes again as it was",
  description:
    "An agent at work gets SIGTERM. It hands its jobs back with checkpoints, ends with 0 and takes every process of theirs " +
    "along; its home stays. Started again it is the same agent, takes the jobs up where they stood, and ends them.",
  requirements: ["EG-2", "EG-4"],
  tags: ["shutdown", "signal"],
  stages: ["host", "sim"],
  defaults: { slots: 2, jobs: 3, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "shutdown", agent: "donor", by: "SIGTERM", withinMs: shutdownWithinMs },
    { step: "restart", agent: "donor", withinMs: 60_000 },
    { step: "await-settled", batch: "work", withinMs: 300_000 },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "shutdown-once", settings: { shutdownsMin: 1 } },
    {
      checker: "jobs-settled",
      settings: { startedMin: jobs, handedBackMin: 1, completedAll: 1 },
    },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "progress-kept" },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "key-revoked" },
  ],
};
