import type { Expectation, RunVerdict } from "../../protocol/verdict.ts";
import type { EndedRun } from "../reporter.ts";
import { beganAt, type HistoryBuilder } from "./history-builder.ts";
import { lifecycleStory } from "./lifecycle-story.ts";
import { cleanResidue, lostResidue, partialResidue, plantedResidue } from "./residue-fixtures.ts";

/** Whole runs as the harness would leave them, one a kind of ending. */
export const runFixtures = {
  passing: (): EndedRun => endedRun(lifecycleStory(usual), {}),
  unprivileged: (): EndedRun =>
    endedRun(lifecycleStory(usual), { user: "guest (uid 1000)", residue: partialResidue() }),
  virtual: (): EndedRun =>
    endedRun(lifecycleStory(usual), { stage: "sim", residue: null, historyDigest: "00c0ffee00c0ffee" }),
  rapid: (): EndedRun => endedRun(lifecycleStory({ ...usual, cycles: 120 }), { scenario: "rapid-pause-resume" }),
  failing: (): EndedRun =>
    endedRun(lifecycleStory(usual), {
      lifecycle: "fail",
      expectations: expectations({
        I5: {
          result: "fail",
          detail: "2 of 12 processes ran on for 184 ms after the freeze: pid 5120 (sleep), pid 5121 (sh)",
        },
      }),
      residue: plantedResidue(),
      exitCode: 1,
    }),
  interrupted: (): EndedRun =>
    endedRun(lifecycleStory({ ...usual, until: "working" }), {
      lifecycle: "unknown",
      expectations: [],
      residue: null,
      interrupted: true,
      error: "Interrupted by SIGINT.",
      phases: [
        { phase: "set-up", ms: 210 },
        { phase: "baseline", ms: 1_720 },
        { phase: "lifecycle", ms: 1_850 },
      ],
      exitCode: 130,
    }),
  unknown: (): EndedRun =>
    endedRun(lifecycleStory(usual), {
      lifecycle: "unknown",
      expectations: expectations({
        L4: { result: "unknown", detail: "the witness saw no freeze: neither cgroup.events nor /proc could be read" },
      }),
      residue: lostResidue(),
      exitCode: 2,
    }),
  notUndone: (): EndedRun =>
    endedRun(lifecycleStory(usual), {
      exitCode: 3,
      cleanUp: {
        result: "fail",
        notUndone: [
          {
            what: "the cgroup /sys/fs/cgroup/houseguest-4711",
            why: "it still holds 1 process that cannot be killed (state D)",
            finishWith: "npx scenarios heal 20260131T101500-withdraw-under-load",
          },
        ],
      },
    }),
} as const;

const usual = { jobs: 24, slots: 4, cycles: 2 } as const;

/** A run that passed, but for what `over` says. */
export function endedRun(history: HistoryBuilder, over: Partial<RunVerdict>): EndedRun {
  const elapsed = history.elapsedMs;
  const verdict: RunVerdict = {
    version: 1,
    run: "20260131T101500-withdraw-under-load",
    scenario: "withdraw-under-load",
    stage: "host",
    seed: "7e1d0c",
    startedAt: beganAt,
    endedAt: beganAt + elapsed + 12,
    user: "root",
    options: {
      jobs: 24,
      slots: 4,
      cycles: 2,
      store: "memory",
      policy: "developer",
      deadlineSeconds: 120,
      runs: ".scenarios",
    },
    lifecycle: "pass",
    expectations: expectations({}),
    residue: cleanResidue(),
    cleanUp: { result: "pass", notUndone: [] },
    interrupted: false,
    error: null,
    phases: [
      { phase: "set-up", ms: 210 },
      { phase: "baseline", ms: 1_720 },
      { phase: "lifecycle", ms: Math.max(0, elapsed - 3_863) },
      { phase: "read the host", ms: 1_890 },
      { phase: "verdict", ms: 40 },
    ],
    exitCode: 0,
    reproduce: "npx scenarios run withdraw-under-load --seed 7e1d0c --jobs 24 --slots 4",
    ...over,
  };
  return { verdict, history: history.records, runDirectory: `.scenarios/${verdict.run}` };
}

/** The usual expectations, all held but for those that are named. */
function expectations(over: Record<string, Pick<Expectation, "result" | "detail">>): Expectation[] {
  const held: [id: string, title: string, detail: string][] = [
    ["I1", "each job has at most one live lease, and epochs only grow", "24 jobs, 12 grants"],
    ["I3", "no accepted job is lost, each completion is recorded once", "8 completed, 16 waiting or handed back"],
    ["I4", "every transition follows the tables", "31 of the agent, 60 of jobs"],
    ["I5", "nothing of a sandbox runs between freeze and resume", "0 of 12 processes, 0 µs of CPU"],
    ["I6", "no lease is accepted while paused or withdrawing", "0 of 12"],
    ["I7", "the broker refuses the revoked key", "401 revoked"],
    ["L1", "the withdrawal ends within its deadline", "410 ms of 20 s"],
    ["L4", "sandboxes freeze within 10 ms (p99)", "p50 2.3 ms, p99 4.6 ms of 2"],
  ];
  return held.map(([id, title, detail]) => ({ id, title, result: "pass", detail, ...over[id] }));
}
