import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

const shutdownWithinMs = 60_000;

/** Who is told to end hands its jobs back, ends, comes again and ends them: the same for whoever tells it. */
export function shutdownScenario({
  by,
  ...told
}: Pick<Scenario, "name" | "title" | "description" | "requirements" | "tags"> & {
  readonly by: "SIGTERM" | "goodbye";
}): Scenario {
  return {
    ...told,
    stages: ["host", "netns", "sim"],
    defaults: { slots: 2, jobs: 3, cycles: 1 },
    timing: briskTiming,
    steps: ({ slots, jobs }) => [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots },
      { step: "submit", batch: "work", jobs, units: 60, unitCpuMs: 10, children: 0 },
      { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
      { step: "shutdown", agent: "donor", by, withinMs: shutdownWithinMs },
      { step: "find-survivors", agent: "donor" },
      { step: "restart", agent: "donor", withinMs: 60_000 },
      { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
      { step: "verify-results", batch: "work" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
    ],
    expectations: ({ slots, jobs }) => [
      { checker: "shutdown-once", settings: { shutdownsMin: 1 } },
      { checker: "none-outlive", settings: { watchedMin: Math.min(slots, jobs) } },
      {
        checker: "jobs-settled",
        settings: { startedMin: jobs, handedBackMin: Math.min(slots, jobs), completedAll: 1 },
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
}
