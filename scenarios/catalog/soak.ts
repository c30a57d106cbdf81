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
    "Two agents work on jobs that keep coming. Each round one of them is paused and goes on, is killed and comes " +
    "again; the broker is killed and is back; a third agent joins, works and withdraws meanwhile; the second is killed " +
    "and started again. Whatever is under way, every job ends once with the right result, and nothing is left. How many " +
    "rounds is said with --cycles.",
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
  expectations: ({ jobs, cycles }) => [
    { checker: "results-correct", settings: { resultsMin: jobs * cycles } },
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

function roundOf(round: number, { slots, jobs }: { slots: number; jobs: number }): Step[] {
  const guest = `guest-${round}`;
  return [
    // While nothing is under way: what a broker that is killed has written and not told yet is missing in its history.
    { step: "kill-broker", downMs: 200 },
    { step: "submit", batch: "work", jobs, units: 20, unitCpuMs: 10, children: 0 },
    { step: "pause", agent: "first" },
    { step: "resume", agent: "first" },
    { step: "kill", agent: "first" },
    { step: "join", agent: guest, slots },
    {
      step: "together",
      branches: [
        [{ step: "restart", agent: "first", withinMs }],
        [
          { step: "kill", agent: "second" },
          { step: "restart", agent: "second", withinMs },
        ],
      ],
    },
    { step: "withdraw", agent: guest, deadlineMs: withdrawDeadlineMs },
    { step: "await-settled", batch: "work", withinMs },
  ];
}
