import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";

import { catalog } from "../catalog/catalog.ts";
import type { Scenario } from "../steps/scenario.ts";
import { planSuite } from "./plan-suite.ts";
import { shardOf } from "./shard.ts";

const [model] = catalog as [Scenario];
const named = (name: string): Scenario => ({ ...model, name });
const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 20 });
const suites = fc.record({
  scenarios: names.map((list) => list.map(named)),
  failedOf: fc.option(fc.array(fc.nat(19))),
  repeats: fc.integer({ min: 1, max: 6 }),
  seed: fc.stringMatching(/^[a-z]{1,8}$/),
});

/** Some of the scenarios failed last time, and one that there is no more. */
function asPlanned({ scenarios, failedOf, repeats, seed }: typeof suites extends fc.Arbitrary<infer T> ? T : never) {
  const failed = failedOf === null ? null : new Set(["gone", ...failedOf.flatMap((at) => scenarios[at]?.name ?? [])]);
  return { scenarios, failed, repeats, seed };
}

describe("planSuite", () => {
  test.prop([suites, fc.integer({ min: 1, max: 12 })])(
    "shards partition what runs without them, in its order and evenly",
    (drawn, total) => {
      const suite = asPlanned(drawn);
      const whole = planSuite({ ...suite, shard: null });
      const parts = Array.from({ length: total }, (_, at) => planSuite({ ...suite, shard: { index: at + 1, total } }));
      expect(parts.flatMap(({ entries }) => entries)).toEqual(whole.entries);
      expect(parts.map(({ planned }) => planned)).toEqual(parts.map(() => whole.entries.length));
      expect(parts.map(({ digest }) => digest)).toEqual(parts.map(() => whole.digest));
      const sizes = parts.map(({ entries }) => entries.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    },
  );

  test.prop([suites])("every repeat holds what failed last time, once and in the list's order", (drawn) => {
    const suite = asPlanned(drawn);
    const { entries } = planSuite({ ...suite, shard: null });
    const wanted = suite.scenarios.filter(({ name }) => suite.failed?.has(name) ?? true).map(({ name }) => name);
    for (let repeat = 1; repeat <= suite.repeats; repeat += 1) {
      const those = entries.filter((entry) => entry.repeat === repeat);
      expect(those.map(({ scenario }) => scenario.name)).toEqual(wanted);
    }
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index));
    expect(entries).toHaveLength(wanted.length * suite.repeats);
  });

  test.prop([suites])("a repeat's seed is its own, and the first one's is that of a single run", (drawn) => {
    const suite = asPlanned(drawn);
    const { entries } = planSuite({ ...suite, shard: null });
    const seeds = new Map(entries.map(({ repeat, seed }) => [repeat, seed]));
    expect(new Set(seeds.values()).size).toBe(seeds.size);
    expect(seeds.get(1) ?? suite.seed).toBe(suite.seed);
  });

  test("suites of one size and of other scenarios, or repeats, have other digests", () => {
    const plan = (list: string[], repeats: number, seed = "s") =>
      planSuite({ scenarios: list.map(named), failed: null, repeats, seed, shard: null }).digest;
    const digests = [plan(["a", "b"], 2), plan(["a", "c"], 2), plan(["a", "b", "c", "d"], 1)];
    expect(new Set(digests).size).toBe(digests.length);
    expect(plan(["a", "b"], 2, "other")).toBe(digests[0]);
  });

  test("a shard of nothing is nothing", () => {
    expect(shardOf([], { index: 2, total: 3 })).toEqual([]);
  });
});
