import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { underFault } from "../steps/under-fault.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-11: the owner's word counts on a full disk too. */
export const diskFull: Scenario = {
  name: "disk-full",
  title: "the disk under the agent is full: it pauses, goes on and withdraws, and no job is lost",
  description:
    "The home of an agent at work lies on a disk that is full from one moment to the next. It still pauses at once and goes " +
    "on, though nothing can be saved, and withdraws within its deadline, clean: what it needs for that it has kept free. " +
    "Its jobs go back, and a relief agent ends them with the right results.",
  requirements: ["WC-2", "WC-4", "WC-11"],
  tags: ["disk", "withdraw", "fault"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, diskMb: 96 },
    { step: "submit", batch: "work", jobs, units: 60, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    ...underFault({ kind: "fill-disk", agent: "donor" }, [
      { step: "pause", agent: "donor" },
      { step: "resume", agent: "donor" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    ]),
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs, unsavedMin: Math.min(slots, jobs), completedAll: 1 } },
    { checker: "withdrawal-bound" },
    { checker: "withdraw-complete" },
    { checker: "pause-silence" },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
  ],
};
