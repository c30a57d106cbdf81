import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-8, WC-10, WC-13; docs/cases.md, cases 42, 57 and 61. */
export const withdrawUnderLoad: Scenario = {
  name: "withdraw-under-load",
  title: "withdraw while every slot is busy and offers keep coming",
  description:
    "A donor works through a batch of jobs, and withdraws in the middle of longer ones while new jobs are submitted all " +
    "the time. Every job that it held is handed back with a checkpoint; a relief agent takes them over, goes on from " +
    "there, and finishes everything with the right results. Both leave nothing, and the broker refuses both keys.",
  requirements: ["WC-8", "WC-10", "WC-13", "WC-16", "US-1"],
  tags: ["withdraw", "load", "migration"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 4, jobs: 24, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 6, unitCpuMs: 10, children: 1 },
    { step: "submit", batch: "long", jobs: slots + 2, units: 40, unitCpuMs: 20, children: 1 },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 60_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs, underLoad: "pressure" },
    { step: "use-revoked-key", agent: "donor" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "long", withinMs: 300_000, perJobMs },
    { step: "await-settled", batch: "pressure", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "verify-results", batch: "long" },
    { step: "verify-results", batch: "pressure" },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "relief" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs + slots + 2, handedBackMin: slots, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs + slots + 2 } },
    { checker: "no-intake", settings: { queuedMin: 2 } },
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
