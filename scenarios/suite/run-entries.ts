import { ExitCode } from "../../foundation/exit-codes.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { isGood, type Outcome, outcomeOf, type Skipped, type SuiteAttempt } from "../../protocol/suite.ts";
import { EndedEarly } from "./ended-early.ts";
import { NeverBegan } from "./never-began.ts";

/** What became of one entry. */
export interface EntryResult {
  readonly outcome: Outcome;
  readonly attempts: readonly SuiteAttempt[];
  /** The user interrupted it, whatever else came of it: an interrupted run may leave something, which is told first. */
  readonly interrupted: boolean;
  /** Only of one that this machine cannot run. */
  readonly skipped?: Skipped;
}

type Ended = Pick<RunVerdict, "run" | "stage" | "residue" | "exitCode" | "startedAt" | "endedAt" | "interrupted">;

export interface RunEntries<Entry> {
  readonly entries: readonly Entry[];
  /** How many run at once. */
  readonly workers: number;
  /** How often an entry that failed, or of which nobody can tell, is run again. */
  readonly retries: number;
  /** After so many entries that came to no good end no further one begins; null for never. */
  readonly failuresMax: number | null;
  /** Aborted, no further one begins. */
  readonly signal: AbortSignal;
  /** Why this machine cannot run it; null where it can. Asked for at its turn. */
  readonly skip?: (entry: Entry) => Skipped | null;
  /** Whether nothing else may run beside it. */
  readonly alone?: (entry: Entry) => boolean;
  /** @param earlier the names of the runs of this entry's earlier attempts */
  readonly run: (entry: Entry, earlier: readonly string[]) => Promise<Ended>;
  /** After each entry that came to its end. */
  readonly onEntry: (entry: Entry, result: EntryResult) => void;
}

const notRun: EntryResult = { outcome: "not-run", attempts: [], interrupted: false };
/** What the harness left behind, or was told to leave, it would find again. */
const retried: ReadonlySet<number> = new Set([ExitCode.fail, ExitCode.unknown]);

/** What was left on this host would be in the next attempt's baseline, which would then find nothing. */
function isWorthRetrying({ exitCode, stage, residue }: Ended): boolean {
  return retried.has(exitCode) && (stage === "sim" || (residue?.findings.length ?? 0) === 0);
}

/**
 * Runs entries in their order, some at once, each again as long as it may be. The result has one item an entry; an
 * error of `run` is thrown after what else is under way has ended.
 */
export async function runEntries<Entry>(options: RunEntries<Entry>): Promise<readonly EntryResult[]> {
  const { entries, workers, failuresMax, signal, onEntry, alone = () => false } = options;
  const results: EntryResult[] = entries.map(() => notRun);
  let failures = 0;
  let interrupted = false;
  let next = 0;
  const isOver = () => interrupted || signal.aborted || (failuresMax !== null && failures >= failuresMax);
  const turns = new Turns();
  const worker = async () => {
    while (next < entries.length && !isOver()) {
      const index = next;
      next += 1;
      const entry = entries[index] as Entry;
      const end = await turns.take(alone(entry));
      try {
        if (isOver()) continue;
        const result = await runEntry(entry, options);
        results[index] = result;
        if (result.interrupted) interrupted = true;
        else if (!isGood(result.outcome) && result.outcome !== "skipped") failures += 1;
        onEntry(entry, result);
      } catch (error) {
        interrupted = true;
        throw error;
      } finally {
        end();
      }
    }
  };
  const ended = await Promise.allSettled(
    Array.from({ length: Math.max(1, Math.min(workers, entries.length)) }, worker),
  );
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return results;
}

/** Whose turn it is, in the order in which they ask: whoever must be alone waits for all before it, and all after it wait. */
class Turns {
  #before: Promise<void>[] = [];
  #alone: Promise<void> = Promise.resolve();

  /** @returns to be called at its end */
  async take(isAlone: boolean): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waitsFor = isAlone ? Promise.all(this.#before) : this.#alone;
    if (isAlone) {
      this.#alone = promise;
      this.#before = [];
    }
    this.#before.push(promise);
    await waitsFor;
    return resolve;
  }
}

function untold(error: unknown): NeverBegan | EndedEarly {
  if (error instanceof NeverBegan || error instanceof EndedEarly) return error;
  throw error;
}

async function runEntry<Entry>(entry: Entry, { run, skip, retries, signal }: RunEntries<Entry>): Promise<EntryResult> {
  const skipped = skip?.(entry) ?? null;
  if (skipped !== null) return { outcome: "skipped", attempts: [], interrupted: false, skipped };
  const attempts: SuiteAttempt[] = [];
  let interrupted = false;
  for (let attempt = 1; attempt <= retries + 1; attempt += 1) {
    const ended = await run(
      entry,
      attempts.map(({ run }) => run),
    ).catch(untold);
    if (ended instanceof EndedEarly) {
      process.stderr.write(`${ended.message} ${ended.next}\n`);
      return { outcome: "unknown", attempts, interrupted: false };
    }
    if (ended instanceof NeverBegan) {
      interrupted = true;
      break;
    }
    const { run: name, exitCode, startedAt, endedAt } = ended;
    interrupted = ended.interrupted;
    attempts.push({ run: name, exitCode, ms: Math.max(0, endedAt - startedAt) });
    if (interrupted || !isWorthRetrying(ended) || signal.aborted) break;
  }
  return { outcome: outcomeOf(attempts.map(({ exitCode }) => exitCode)), attempts, interrupted };
}
