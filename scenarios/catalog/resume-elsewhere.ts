import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { swiftTiming } from "./swift-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-13: what was saved at a pause is enough, whatever becomes of the host on which it was. */
export const resumeElsewhere: Scenario = {
  name: "resume-elsewhere",
  title: "a paused host dies: its jobs go on at another one from where they were saved",
  description:
    "A donor pauses, so that its jobs' checkpoints are at the broker, and is killed before it can say anything. The broker " +
    "misses it; a relief agent gets the jobs, goes on from the checkpoints and not from zero, and ends them with the " +
    "right results. The donor comes back paused, has nothing to do with them any more, goes on and withdraws.",
  requirements: ["WC-3", "WC-7", "WC-13"],
  tags: ["migration", "checkpoint", "fault"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: swiftTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "pause", agent: "donor" },
    // Its owner is answered when it is saved; it is at the broker when that has said so.
    {
      ...{ step: "wait-until", event: "broker.pause-acknowledged", agent: "donor", withinMs: 60_000 },
      where: { checkpoints: Math.min(slots, jobs) },
    },
    { step: "kill", agent: "donor" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "restart", agent: "donor", withinMs: 60_000 },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "state", agent: "donor", is: "Paused" } },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "leases", agent: "donor", max: 0 } },
    { step: "find-survivors", agent: "donor" },
    { step: "resume", agent: "donor" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "resumed-elsewhere", settings: { movedMin: Math.min(slots, jobs) } },
    { checker: "none-outlive", settings: { watchedMin: Math.min(slots, jobs) } },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
  ],
};
