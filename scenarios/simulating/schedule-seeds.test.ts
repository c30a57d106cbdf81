import { describe, expect, it } from "vitest";

import { scheduleSeeds, type Schedule } from "./schedule-seeds.ts";
import type { BatchResult } from "./seed-batch.ts";
import { seedsFrom } from "./seed-source.ts";
import { toyBatch, toyFailure, toyResult } from "./testing/toy-results.ts";

/** Workers whose batches end when and in the order in which the test says. */
function workers(failing: ReadonlySet<string> = new Set()) {
  const started: { seeds: readonly string[]; end: () => void; break: (error: Error) => void }[] = [];
  const run = (seeds: readonly string[]): Promise<BatchResult> => {
    const { promise, resolve, reject } = Promise.withResolvers<BatchResult>();
    const stop = seeds.findIndex((seed) => failing.has(seed));
    const results = (stop < 0 ? seeds : seeds.slice(0, stop + 1)).map((seed) =>
      toyResult(seed, { failure: failing.has(seed) ? toyFailure() : null }),
    );
    started.push({ seeds, end: () => resolve(toyBatch(results)), break: reject });
    return promise;
  };
  return { started, run };
}

function schedule(more: Partial<Schedule> & Pick<Schedule, "run">) {
  const merged: string[] = [];
  const awaited: string[] = [];
  const end = scheduleSeeds({
    source: seedsFrom("s", 10),
    stopAtFailure: false,
    parallel: 2,
    batchSize: 2,
    merge: ({ results }) => merged.push(...results.map(({ seed }) => seed)),
    awaits: (seeds) => awaited.push(...seeds),
    signal: new AbortController().signal,
    ...more,
  });
  return { end, merged, awaited };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `s-${index}`);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("scheduling seeds", () => {
  it("merges in the order of the seeds, whoever is done first", async () => {
    const { started, run } = workers();
    const { end, merged } = schedule({ run });
    for (const batch of started.toReversed()) {
      batch.end();
      await turn();
      if (batch !== started[0]) expect(merged).toEqual([]);
    }
    expect(await end).toBe("all-run");
    expect(merged).toEqual(names(10));
  });

  it("hands out no more than the workers can soon begin with, and the last batch may be short", async () => {
    const { started, run } = workers();
    const { end, merged } = schedule({ run, source: seedsFrom("s", 21) });
    expect(started).toHaveLength(6);
    for (let index = 0; index < started.length; index += 1) {
      started[index]?.end();
      await turn();
      expect(started.length - index).toBeLessThanOrEqual(7);
    }
    expect(await end).toBe("all-run");
    expect(merged).toEqual(names(21));
    expect(started.at(-1)?.seeds).toEqual(["s-20"]);
  });

  it.each([
    [1, 1],
    [2, 3],
    [4, 8],
  ])("ends at the first failing seed in the order, with %i workers and batches of %i", async (parallel, batchSize) => {
    const { started, run } = workers(new Set(["s-5", "s-7", "s-9"]));
    const { end, merged } = schedule({
      ...{ run, parallel, batchSize, stopAtFailure: true },
      source: seedsFrom("s", Number.POSITIVE_INFINITY),
    });
    for (let index = 0; index < 20; index += 1) {
      for (const batch of started.toReversed()) batch.end();
      await turn();
    }
    expect(await end).toBe("failed");
    expect(merged).toEqual(names(6));
  });

  it("runs every seed when it is not to stop at a failure", async () => {
    const { started, run } = workers(new Set(["s-1"]));
    const { end, merged } = schedule({ run, batchSize: 1 });
    while (merged.length < 10) {
      for (const batch of started) batch.end();
      await turn();
    }
    expect(await end).toBe("all-run");
  });

  it("ends at once when it is interrupted, with what is merged and the name of what is not", async () => {
    const interruption = new AbortController();
    const { started, run } = workers();
    const { end, merged, awaited } = schedule({ run, signal: interruption.signal });
    started[0]?.end();
    started[2]?.end();
    await turn();
    interruption.abort(new Error("Ctrl-C"));
    expect(await end).toBe("interrupted");
    expect(merged).toEqual(names(2));
    expect(awaited.slice(-2)).toEqual(["s-2", "s-3"]);
    expect(started).toHaveLength(5);
  });

  it("does not begin when it was interrupted before", async () => {
    const { started, run } = workers();
    expect(await schedule({ run, signal: AbortSignal.abort(new Error("Ctrl-C")) }).end).toBe("interrupted");
    expect(started).toEqual([]);
  });

  it("fails when a worker breaks, and not before it is that one's turn", async () => {
    const { started, run } = workers();
    const { end, merged } = schedule({ run });
    started[1]?.break(new Error("out of memory"));
    await turn();
    started[0]?.end();
    await expect(end).rejects.toThrow("out of memory");
    expect(merged).toEqual(names(2));
  });
});
