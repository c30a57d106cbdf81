import { orAborted } from "../interruption.ts";
import type { BatchResult } from "./seed-batch.ts";
import type { SeedSource } from "./seed-source.ts";

export interface Schedule {
  readonly source: SeedSource;
  readonly stopAtFailure: boolean;
  /** How many batches run side by side. */
  readonly parallel: number;
  /** How many seeds are handed to a worker at once. */
  readonly batchSize: number;
  readonly run: (seeds: readonly string[]) => Promise<BatchResult>;
  /** Called with the results in the order of their seeds, whoever ran them and however long it took. */
  readonly merge: (result: BatchResult) => void;
  /** Called with the seeds whose results are merged next, before they are waited for. */
  readonly awaits: (seeds: readonly string[]) => void;
  readonly signal: AbortSignal;
}

export type ScheduleEnd = "all-run" | "failed" | "interrupted";

/** Batches handed out ahead of the one that is merged next, for each that runs: enough that no worker waits. */
const aheadPerWorker = 3;

/**
 * Hands out seeds until there are no more, one failed (if that is wanted) or the signal comes. What is merged depends
 * on the seeds alone, never on how many workers ran them: a failure ends the merging at its place in the order.
 */
export async function scheduleSeeds(schedule: Schedule): Promise<ScheduleEnd> {
  const { source, stopAtFailure, parallel, signal, merge } = schedule;
  const underWay: { readonly seeds: readonly string[]; readonly result: Promise<BatchResult> }[] = [];
  let next = 0;
  for (;;) {
    while (!signal.aborted && underWay.length < aheadPerWorker * parallel && next < source.count) {
      const seeds = seedsAt(source, next, schedule.batchSize);
      next += seeds.length;
      const result = schedule.run(seeds);
      // Whoever is first in the order is waited for; the others' troubles are heard when it is their turn.
      result.catch(() => undefined);
      underWay.push({ seeds, result });
    }
    const first = underWay.shift();
    if (first === undefined) return signal.aborted ? "interrupted" : "all-run";
    schedule.awaits(first.seeds);
    const result = await unlessAborted(first.result, signal);
    if (result === null) return "interrupted";
    merge(result);
    if (stopAtFailure && result.results.some(({ failure }) => failure !== null)) return "failed";
  }
}

function seedsAt(source: SeedSource, from: number, size: number): string[] {
  const seeds: string[] = [];
  for (let index = from; index < from + size && index < source.count; index += 1) seeds.push(source.at(index));
  return seeds;
}

async function unlessAborted(batch: Promise<BatchResult>, signal: AbortSignal): Promise<BatchResult | null> {
  try {
    return await orAborted(batch, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
