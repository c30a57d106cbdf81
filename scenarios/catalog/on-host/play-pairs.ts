import { cannotRun } from "../../needs/cannot-run.ts";
import { openRunner, type Runner } from "../../suite/runners.ts";
import { NeverBegan } from "../../suite/never-began.ts";
import { runEntries } from "../../suite/run-entries.ts";
import type { RunVerdict } from "../../../protocol/verdict.ts";
import type { Mutant } from "../../zoo/mutant.ts";
import { judgePair, type Play, type PairVerdict } from "./judge-pair.ts";
import { isOwn, type Pair } from "./pair-records.ts";
import { isWrong } from "./pairs-exit-code.ts";
import { playOf, playWith } from "./play-pair.ts";

export interface PairResult extends Pick<PairVerdict, "rounds" | "says"> {
  readonly bug: string;
  readonly scenario: string;
  readonly expected: "found" | "not-found";
  readonly result: PairVerdict["result"] | "skipped";
  readonly seconds: number;
  /** How many bugs were planted at once, the scenario's own not among them; only where that was more than one. */
  readonly atOnce?: number;
}

interface PlayPairs {
  readonly pairs: readonly Pair[];
  readonly runs: string;
  /** How many are played at once. */
  readonly workers: number;
  /** Whether those that touch what the whole host shares are played beside others too, each of them once at a time. */
  readonly together: boolean;
  /** Whether the bugs of others are planted all at once in a scenario first: if it passes, it finds none of them. */
  readonly atOnce: boolean;
  /** As soon as one is decided. */
  readonly onPair: (pair: Pair, result: PairResult) => void;
}

export interface PairsPlayed {
  readonly results: readonly PairResult[];
  readonly interrupted: boolean;
}

/** Pairs of one scenario: one of them, or several whose bugs are planted at once first. */
type Batch = readonly [Pair, ...Pair[]];

/** Plays all of them, those that can go side by side first, and tells on stderr how far it is. */
export async function playPairs(options: PlayPairs): Promise<PairsPlayed> {
  const { pairs, runs, workers, together, onPair } = options;
  const runner = await openRunner("host", workers);
  const results: PairResult[] = [];
  const told = (pair: Pair, result: PairResult) => {
    results.push(result);
    tell(`[${results.length}/${pairs.length}] ${inWords(result)}`);
    onPair(pair, result);
  };
  const inTurn = turnsOfHostWide();
  try {
    const ended = await runEntries<Batch>({
      entries: batchesOf(options),
      ...{ workers, retries: 0, failuresMax: null, signal: runner.signal },
      alone: ([pair]) => !together && isHostWide(pair),
      skip: ([{ scenario }]) => cannotRun(scenario, "host"),
      run: async (batch) => await inTurn(batch[0], () => playBatch(batch, { runner, runs, told })),
      onEntry: (batch, { skipped }) => {
        if (skipped === undefined) return;
        for (const pair of batch) told(pair, { ...named(pair), ...notHere(`${skipped.why} ${skipped.remedy}`) });
      },
    });
    return { results, interrupted: runner.signal.aborted || ended.some(({ interrupted }) => interrupted) };
  } finally {
    await runner.close();
  }
}

interface PlayBatch {
  readonly runner: Runner;
  readonly runs: string;
  readonly told: (pair: Pair, result: PairResult) => void;
}

/** @returns the verdict of the last run; an interruption ends the batch, and nothing is told of the pair that it met */
async function playBatch(batch: Batch, { runner, runs, told }: PlayBatch): Promise<RunVerdict> {
  const [{ scenario }] = batch;
  let last: RunVerdict | undefined;
  const play = async (bugs: readonly Mutant[]): Promise<Play> => {
    if (runner.signal.aborted) return { came: "spoilt", why: "interrupted" };
    last = await playWith({ scenario, bugs, runner, runs });
    return playOf(last);
  };
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  if (batch.length > 1 && (await play(batch.map(({ mutant }) => mutant))).came === "passed" && !runner.signal.aborted) {
    const passed = { result: "not-found", says: null, rounds: ["passed"], atOnce: batch.length } as const;
    for (const pair of batch) told(pair, { ...named(pair), ...passed, seconds: seconds() });
    return lastOf(scenario);
  }
  for (const pair of batch) {
    const withBug = () => play([pair.mutant]);
    const judged = await judgePair({ isOwn: isOwn(pair), withBug, withoutBug: () => play([]) });
    // A run that had failed by itself before the user interrupted it is not an interrupted one.
    if (runner.signal.aborted) break;
    told(pair, { ...named(pair), ...judged, seconds: seconds() });
  }
  return lastOf(scenario);

  function lastOf({ name }: Pair["scenario"]): RunVerdict {
    if (last === undefined) throw new NeverBegan(name);
    return last;
  }
}

/** Each bug with its own scenario first, which says soonest that one does not fit any more. */
function batchesOf({ pairs, together, atOnce }: PlayPairs): Batch[] {
  const rank = (pair: Pair): number => (isOwn(pair) ? 0 : 1) + (!together && isHostWide(pair) ? 2 : 0);
  const batches: [Pair, ...Pair[]][] = [];
  for (const pair of pairs.toSorted((one, other) => rank(one) - rank(other))) {
    const same = batches.find(([first]) => atOnce && first.scenario === pair.scenario && !isOwn(first));
    if (same === undefined || isOwn(pair)) batches.push([pair]);
    else same.push(pair);
  }
  return batches;
}

/** What touches the whole host is played once at a time, whoever else is at work. */
function turnsOfHostWide(): (pair: Pair, play: () => Promise<RunVerdict>) => Promise<RunVerdict> {
  const before = new Map<Pair["scenario"], Promise<unknown>>();
  return async (pair, play) => {
    if (!isHostWide(pair)) return await play();
    const playing = (before.get(pair.scenario) ?? Promise.resolve()).then(play);
    before.set(pair.scenario, Promise.allSettled([playing]));
    return await playing;
  };
}

function isHostWide({ scenario }: Pair): boolean {
  return scenario.hostWide === true;
}

function named(pair: Pair): Pick<PairResult, "bug" | "scenario" | "expected"> {
  return { bug: pair.mutant.name, scenario: pair.scenario.name, expected: isOwn(pair) ? "found" : "not-found" };
}

function notHere(says: string): Pick<PairResult, "result" | "says" | "rounds" | "seconds"> {
  return { result: "skipped", says, rounds: [], seconds: 0 };
}

function inWords(one: PairResult): string {
  const { bug, scenario, result, says, rounds, seconds, atOnce } = one;
  const course = rounds.length > 1 ? ` (${rounds.join(", ")})` : "";
  const others = atOnce === undefined ? "" : ` (${atOnce} bugs at once)`;
  const why = says === null ? "" : `: ${says.split("\n")[0]}`;
  return `${isWrong(one) ? "WRONG " : ""}${bug} in ${scenario}: ${result}${course}${others}, ${seconds} s${why}`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
