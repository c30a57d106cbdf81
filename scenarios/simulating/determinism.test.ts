import { expect, test } from "vitest";

import type { ProfileName } from "../simulator/plan/plan-request.ts";
import type { SeedResult } from "./seed-batch.ts";
import { SimulationPool } from "./simulation-pool.ts";

const batchSize = 25;

/** The seeds' results in their order, each run in whatever worker was free. */
async function runAll(
  pool: SimulationPool,
  { profile, seeds }: { profile: ProfileName; seeds: readonly string[] },
): Promise<SeedResult[]> {
  const batches: string[][] = [];
  for (let from = 0; from < seeds.length; from += batchSize) batches.push(seeds.slice(from, from + batchSize));
  const wishes = { profile };
  const results = await Promise.all(
    batches.map((batch) => pool.runSeeds({ seeds: batch, wishes, stopAtFailure: false })),
  );
  return results.flatMap((one) => one.results);
}

/** So many times as many seeds as for every change; in .ci/nightly 20. */
const times = Number(process.env["HOUSEGUEST_SAME_TIMES"] ?? 1);
/** Seeds that are new with every change of this line, and the same everywhere. */
const seedsOf = (length: number): string[] => Array.from({ length }, (_, index) => `same-${index}`);
const campaigns = [
  { profile: "quick", seeds: seedsOf(125 * times) },
  { profile: "swarm", seeds: seedsOf(25 * times) },
] as const;

test.each(campaigns)(
  "every seed is like itself, run three times on one worker and on two: $profile",
  async ({ profile, seeds }) => {
    const one = new SimulationPool({ workers: 1, twice: false });
    const two = new SimulationPool({ workers: 2, twice: true });
    try {
      const [alone, shared] = await Promise.all([runAll(one, { profile, seeds }), runAll(two, { profile, seeds })]);
      expect(alone.map(({ failure }) => failure?.story ?? null)).toEqual(seeds.map(() => null));
      expect(shared.map(({ digest, failure }) => ({ digest, failure }))).toEqual(
        alone.map(({ digest }) => ({ digest, failure: null })),
      );
      expect(new Set(alone.map(({ digest }) => digest)).size).toBe(seeds.length);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  },
  600_000 * times,
);
