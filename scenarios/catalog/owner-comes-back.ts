import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { oneMeanwhile } from "./one-meanwhile.ts";

const quietS = 2;
const withdrawDeadlineMs = 10_000;

/** WC-11. */
export const ownerComesBack: Scenario = {
  name: "owner-comes-back",
  title: "the owner works at the host: the jobs stop at once, and go on by themselves after a quiet time",
  description:
    "An agent watches a directory of its owner's. While its jobs run the owner writes a file there, and again before the " +
    "host was quiet for long enough: everything stops, a job that comes is left alone, and it goes on once the owner is gone. " +
    "Later the owner lets the host go on though active: what is noticed after that stops nothing. Then the owner pauses it " +
    "in so many words, which outlasts the quiet, and lets it go; the jobs end with the right results.",
  requirements: ["WC-11"],
  tags: ["pause", "owner"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 4, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => {
    const { before } = oneMeanwhile(jobs);
    const submitted = (count: number): Step => ({
      ...{ step: "submit", batch: "work", jobs: count, units: 40, unitCpuMs: 40, children: 1 },
    });
    return [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots, quietS },
      submitted(before),
      { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, before), withinMs: 60_000 },
      { step: "touch", agent: "donor" },
      submitted(1),
      { step: "watch-frozen", agent: "donor", forMs: 1_000 },
      { step: "touch", agent: "donor" },
      { step: "watch-frozen", agent: "donor", forMs: 1_500 },
      { step: "await-quiet", agent: "donor", withinMs: 60_000 },
      { step: "await-busy", agent: "donor", sandboxes: 1, withinMs: 60_000 },
      { step: "touch", agent: "donor" },
      { step: "resume", agent: "donor" },
      { step: "touch", agent: "donor", ignored: true },
      { step: "pause", agent: "donor" },
      // Longer than it takes to be quiet.
      { step: "wait", forMs: 1_000 * quietS + 500 },
      { step: "probe", holds: { fact: "state", agent: "donor", is: "Paused" } },
      { step: "resume", agent: "donor" },
      { step: "await-settled", batch: "work", withinMs: 90_000, perJobMs },
      { step: "verify-results", batch: "work" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
    ];
  },
  expectations: ({ jobs }) => [
    { checker: "activity-pauses", settings: { quietMs: 1_000 * quietS } },
    { checker: "jobs-settled", settings: { startedMin: oneMeanwhile(jobs).all, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: oneMeanwhile(jobs).all } },
    { checker: "pause-silence" },
    { checker: "no-intake" },
    { checker: "progress-kept" },
    { checker: "owner-holds" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
