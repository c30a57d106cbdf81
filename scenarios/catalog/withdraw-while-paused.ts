import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { oneMeanwhile } from "./one-meanwhile.ts";

const withdrawDeadlineMs = 10_000;
/** More than the pause itself causes. */
const heartbeatsMin = 3;

/** WC-2, WC-11: a pause does not stand in the way of leaving, and what is frozen ends without running again. */
export const withdrawWhilePaused: Scenario = {
  name: "withdraw-while-paused",
  title: "withdraw while everything is frozen, without letting it run again",
  description:
    "The owner pauses the host, is shown that nothing runs though a job comes and the broker would have it go on, and then " +
    "has the agent leave without a resume. Frozen jobs are handed back with the checkpoints of the pause and end as they " +
    "stand; a relief agent ends them.",
  requirements: ["WC-2", "WC-4", "WC-11", "WC-13"],
  tags: ["withdraw", "pause", "migration"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 3, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => {
    const { before } = oneMeanwhile(jobs);
    const submitted = (count: number): Step => ({
      ...{ step: "submit", batch: "work", jobs: count, units: 60, unitCpuMs: 10, children: 0 },
    });
    return [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots },
      submitted(before),
      { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, before), withinMs: 60_000 },
      { step: "pause", agent: "donor" },
      submitted(1),
      { step: "command", agent: "donor", command: "resume" },
      {
        ...{ step: "wait-until", event: "agent.refused", where: { event: "resumeAsked" } },
        ...{ agent: "donor", withinMs: 60_000 },
      },
      { step: "watch-frozen", agent: "donor", forMs: 300 },
      // Who stands still signals all the same that the agent lives.
      {
        ...{ step: "wait-until", event: "broker.heartbeat", where: { state: "Paused" } },
        ...{ agent: "donor", count: heartbeatsMin, withinMs: 60_000 },
      },
      { step: "probe", holds: { fact: "leases", agent: "donor", min: Math.min(slots, before) } },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
      { step: "join", agent: "relief", slots },
      { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
      { step: "verify-results", batch: "work" },
      { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
    ];
  },
  expectations: ({ slots, jobs }) => {
    const { before, all } = oneMeanwhile(jobs);
    return [
      {
        checker: "jobs-settled",
        settings: { startedMin: all, handedBackMin: Math.min(slots, before), completedAll: 1 },
      },
      { checker: "results-correct", settings: { resultsMin: all } },
      { checker: "pause-silence" },
      { checker: "no-intake" },
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
    ];
  },
};
