import { Piscina } from "piscina";

import { type BatchResult, sameRun, type SeedBatch, type SeedResult, unlikeItself } from "./seed-batch.ts";
import type { ShrinkResult, ShrinkTask } from "./simulation-worker.ts";

export interface SimulationPoolOptions {
  readonly workers: number;
  /** Every batch is run twice, on different workers where there are two, and what differs counts as a failure. */
  readonly twice: boolean;
}

/** Worker threads that run seeds. Close it, or the process goes on. */
export class SimulationPool {
  readonly #first: Piscina<SeedBatch, BatchResult>;
  /** Whoever runs batches the second time; null when nobody does. */
  readonly #second: Piscina<SeedBatch, BatchResult> | null;

  constructor({ workers, twice }: SimulationPoolOptions) {
    const seconds = twice ? Math.floor(workers / 2) : 0;
    this.#first = newPool(workers - seconds);
    this.#second = twice ? (seconds === 0 ? this.#first : newPool(seconds)) : null;
  }

  async runSeeds(batch: SeedBatch): Promise<BatchResult> {
    const run = (pool: Piscina<SeedBatch, BatchResult>) => pool.run(batch, { name: "runSeeds" });
    if (this.#second === null) return run(this.#first);
    const [one, other] = await Promise.all([run(this.#first), run(this.#second)]);
    return compared(one, other);
  }

  async shrinkFailure(task: ShrinkTask): Promise<ShrinkResult> {
    return (await this.#first.run(task as never, { name: "shrinkFailure" })) as unknown as ShrinkResult;
  }

  /** Ends the threads, whatever they are at. */
  async close(): Promise<void> {
    await Promise.all([this.#first.destroy(), this.#second === this.#first ? null : this.#second?.destroy()]);
  }
}

/** The first run's results; a seed that was not like itself fails for that, whatever else it fails for. */
export function compared(one: BatchResult, other: BatchResult): BatchResult {
  const results: SeedResult[] = [];
  for (const [index, result] of one.results.entries()) {
    const again = other.results[index];
    if (again === undefined) break;
    results.push(sameRun(result, again) ? result : { ...result, failure: unlikeItself(result, again) });
  }
  return { ...one, results };
}

function newPool(threads: number): Piscina<SeedBatch, BatchResult> {
  return new Piscina<SeedBatch, BatchResult>({
    filename: new URL("simulation-worker.ts", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
}
