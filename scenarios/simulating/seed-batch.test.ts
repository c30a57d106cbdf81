import { describe, expect, it } from "vitest";

import type { SimulationOutcome } from "../simulator/outcome.ts";
import { toyPlan } from "../simulator/shrink/testing/toy-simulation.ts";
import { type BatchRunner, runBatch } from "./seed-batch.ts";
import { compared } from "./simulation-pool.ts";
import { toyBatch, toyFailure, toyResult } from "./testing/toy-results.ts";

const runner: BatchRunner = {
  planFor: ({ seed }) => ({ ...toyPlan([]), seed }),
  simulate({ seed }): SimulationOutcome {
    if (seed === "broken") throw new Error("not a number");
    const { seed: _, ...outcome } = toyResult(seed, { failure: seed === "bad" ? toyFailure() : null });
    return { ...outcome, coverage: Uint32Array.of(1, seed.length), marks: { met: 1, [`met-${seed}`]: 2 } };
  },
};
const batch = { wishes: { profile: "swarm" }, stopAtFailure: false } as const;

describe("a batch of seeds", () => {
  it("keeps the seeds' order and sums up what they reached", () => {
    const { results, coverage, marks } = runBatch({ ...batch, seeds: ["a", "bad", "ccc"] }, runner);
    expect(results.map(({ seed, failure }) => [seed, failure?.invariant])).toEqual([
      ["a", undefined],
      ["bad", "lease-exclusivity"],
      ["ccc", undefined],
    ]);
    expect(coverage).toEqual(Uint32Array.of(3, 7));
    expect(marks).toEqual({ met: 3, "met-a": 2, "met-bad": 2, "met-ccc": 2 });
  });

  it("counts nothing that comes after a failure at which it is to stop", () => {
    const { results, coverage } = runBatch({ ...batch, stopAtFailure: true, seeds: ["a", "bad", "ccc"] }, runner);
    expect(results.map(({ seed }) => seed)).toEqual(["a", "bad"]);
    expect(coverage).toEqual(Uint32Array.of(2, 4));
  });

  it("names the seed over which the simulator itself broke", () => {
    expect(() => runBatch({ ...batch, seeds: ["a", "broken"] }, runner)).toThrow('seed "broken" of the profile swarm');
  });
});

describe("two runs of a batch", () => {
  const one = toyBatch([toyResult("a"), toyResult("b"), toyResult("c", { failure: toyFailure() })]);

  it("are as good as one when they are alike", () => {
    expect(compared(one, one)).toEqual(one);
  });

  it("fail with both digests when they are not", () => {
    const other = toyBatch([toyResult("a"), toyResult("b", { digest: "another" }), toyResult("c")]);
    const [a, b, c] = compared(one, other).results;
    expect(a?.failure).toBeNull();
    expect(b?.failure).toMatchObject({ invariant: "determinism" });
    expect(b?.failure?.story.join("\n")).toMatch(/digest-of-b[^]*another/);
    expect(c?.failure?.invariant).toBe("determinism");
  });
});
