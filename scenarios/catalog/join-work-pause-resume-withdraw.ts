import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { oneMeanwhile } from "./one-meanwhile.ts";

const withdrawDeadlineMs = 10_000;

/** The simple flow: WC-6. What a pause took away is there again after it: docs/cases.md, case 35. */
export const joinWorkPauseResumeWithdraw: Scenario = {
  name: "join-work-pause-resume-withdraw",
  title: "the whole life of an agent, once and in order",
  description:
    "An agent joins, works, is paused in the middle of its jobs, is watched while it is frozen and a job is submitted that " +
    "it must leave alone, resumes, finishes every job with the right result, and withdraws. Afterwards the host is as it was and the broker refuses the key.",
  requirements: ["WC-2", "WC-3", "WC-4", "WC-6", "WC-7", "US-1"],
  tags: ["lifecycle", "pause", "withdraw"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 4, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => {
    const { before } = oneMeanwhile(jobs);
    const submitted = (count: number): Step => ({
      ...{ step: "submit", batch: "work", jobs: count, units: 16, unitCpuMs: 15, children: 1 },
    });
    return [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots },
      submitted(before),
      { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, before), withinMs: 60_000 },
      { step: "pause", agent: "donor" },
      submitted(1),
      { step: "watch-frozen", agent: "donor", forMs: 300 },
      { step: "resume", agent: "donor" },
      { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
      { step: "verify-results", batch: "work" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
    ];
  },
  expectations: ({ jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: oneMeanwhile(jobs).all, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: oneMeanwhile(jobs).all } },
    { checker: "pause-silence" },
    { checker: "resume-thaws" },
    { checker: "no-intake" },
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
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
