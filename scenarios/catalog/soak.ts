import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
const withinMs = 120_000;

/** US-1: a long mixed life; `--cycles` says how long, `--slots` and `--jobs` how wide. Short by default. */
export const soak: Scenario = {
  name: "soak",
  title: "a mixed life, round after round: pauses, a dead broker, dead agents, a newcomer who leaves again",
  description:
    "Two agents work on jobs that keep coming. Each round begins with a broker that is killed between two jobs and is " +
    "back; then one agent is paused at work, stands still and goes on, and is killed at work; a third one joins, works and " +
    "withdraws in the middle of its jobs, while the first comes again and the second is killed at work and comes again. " +
    "Every job ends once with the right result, and nothing is left. How many rounds is said with --cycles.",
  requirements: ["US-1", "WC-6", "WC-9", "WC-10"],
  tags: ["soak", "load", "fault"],
  stages: ["host", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 2, cycles: 1 },
  timing: { ...briskTiming, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "join", agent: "first", slots },
    { step: "join", agent: "second", slots },
    ...Array.from({ length: cycles }, (_, round) => roundOf(round + 1, { slots, jobs })).flat(),
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "first", deadlineMs: withdrawDeadlineMs },
    { step: "withdraw", agent: "second", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "second" },
  ],
  expectations: ({ slots, jobs, cycles }) => [
    {
      checker: "jobs-settled",
      settings: {
        startedMin: jobsOf({ slots, jobs }) * cycles,
        handedBackMin: slots * cycles,
        unsavedMin: 0,
        completedAll: 1,
      },
    },
    { checker: "pause-silence" },
    { checker: "no-intake" },
    { checker: "results-correct", settings: { resultsMin: jobsOf({ slots, jobs }) * cycles } },
    { checker: "withdrawal-measured", settings: { reportsMin: cycles + 2 } },
    { checker: "shutdown-once" },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "key-revoked" },
  ],
};

interface Width {
  readonly slots: number;
  readonly jobs: number;
}

/** Enough for the two that are there to be busy, and then for all three. */
function batchesOf({ slots, jobs }: Width): readonly [number, number] {
  return [Math.max(jobs, 2 * slots), Math.max(jobs, 3 * slots)];
}

/** With the one that comes during the pause. */
function jobsOf(width: Width): number {
  return batchesOf(width).reduce((sum, jobs) => sum + jobs) + 1;
}

function completed(count: number): Step {
  return { step: "wait-until", event: "broker.job", where: { to: "completed" }, count, withinMs };
}

function roundOf(round: number, width: Width): Step[] {
  const { slots } = width;
  const guest = `guest-${round}`;
  const [first, more] = batchesOf(width);
  const submitted = (jobs: number): Step => ({
    ...{ step: "submit", batch: "work", jobs, units: 60, unitCpuMs: 20, children: 0 },
  });
  const atWork = (agent: string): Step => ({ step: "await-busy", agent, sandboxes: slots, withinMs });
  return [
    // When everything is told: what a broker that is killed has written and not told yet is missing in its history.
    ...(round === 1 ? [] : [completed(jobsOf(width) * (round - 1))]),
    { step: "kill-broker", downMs: 200 },
    submitted(first),
    atWork("first"),
    { step: "pause", agent: "first" },
    submitted(1),
    { step: "watch-frozen", agent: "first", forMs: 200 },
    { step: "resume", agent: "first" },
    atWork("first"),
    { step: "kill", agent: "first" },
    { step: "join", agent: guest, slots },
    submitted(more),
    {
      step: "together",
      branches: [
        [{ step: "restart", agent: "first", withinMs }],
        [
          { step: "await-busy", agent: "second", sandboxes: 1, withinMs },
          { step: "kill", agent: "second" },
          { step: "restart", agent: "second", withinMs },
        ],
        [atWork(guest), { step: "withdraw", agent: guest, deadlineMs: withdrawDeadlineMs }],
      ],
    },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    ...["first", "second"].map(
      (agent): Step => ({ step: "eventually-within", withinMs, holds: { fact: "state", agent, is: "Idle" } }),
    ),
  ];
}
