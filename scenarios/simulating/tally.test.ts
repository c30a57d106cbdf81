import { describe, expect, it } from "vitest";

import { Tally } from "./tally.ts";
import { toyBatch, toyFailure, toyResult } from "./testing/toy-results.ts";

const jobs = (submitted: number, completedInTime: number) => ({
  submitted,
  completed: submitted,
  failed: 0,
  cancelled: 0,
  completedInTime,
});

describe("summing up seeds", () => {
  it("is the same however the seeds were put into batches", () => {
    const results = ["a", "b", "c", "d", "e"].map((seed) => toyResult(seed));
    const [one, other] = [new Tally(), new Tally()];
    one.add(toyBatch(results));
    for (const result of results) other.add(toyBatch([result]));
    expect(other.digest()).toBe(one.digest());
    expect(other.coverage).toEqual(one.coverage);
    expect(other.marks).toEqual(one.marks);
    expect(one).toMatchObject({ seeds: 5, steps: 50, events: 100, agentHours: 2.5 });
    expect(one.coverage).toEqual(Uint32Array.of(5, 0));
  });

  it("has another digest when a run differs, or the order does", () => {
    const digestOf = (...results: ReturnType<typeof toyResult>[]) => {
      const tally = new Tally();
      tally.add(toyBatch(results));
      return tally.digest();
    };
    const [a, b] = [toyResult("a"), toyResult("b")];
    expect(digestOf(a, b)).toMatch(/^[\da-f]{16}$/);
    expect(new Set([digestOf(a, b), digestOf(b, a), digestOf(a), digestOf(a, { ...b, digest: "other" })]).size).toBe(4);
  });

  it("gathers the failures by what was broken, and remembers the first seed of each", () => {
    const tally = new Tally();
    const assertion = (text: string) => toyFailure({ invariant: "assertion", kind: "crash", story: [text] });
    tally.add(
      toyBatch([
        toyResult("a", { failure: toyFailure() }),
        toyResult("b", { failure: assertion("lease 11112222-3 is live") }),
        toyResult("c", { failure: toyFailure({ story: ["another two"] }) }),
        toyResult("d", { failure: assertion("lease 33334444-7 is live") }),
        toyResult("e", { failure: assertion("the queue is sorted") }),
      ]),
    );
    expect([...tally.failures.values()].map(({ seed, count }) => [seed, count])).toEqual([
      ["a", 2],
      ["b", 2],
      ["e", 1],
    ]);
    expect(tally.failed).toBe(5);
  });

  it("shows how far apart the seeds' completion rates are", () => {
    const tally = new Tally();
    expect(tally.completion()).toBeNull();
    tally.add(
      toyBatch(
        [
          [10, 9],
          [10, 4],
          [0, 0],
          [4, 3],
        ].map(([submitted = 0, completed = 0], index) => toyResult(`s-${index}`, { jobs: jobs(submitted, completed) })),
      ),
    );
    expect(tally.completion()).toEqual({ min: 0.4, median: 0.75, max: 0.9 });
    tally.add(toyBatch([toyResult("s-4", { jobs: jobs(2, 1) })]));
    expect(tally.completion()).toEqual({ min: 0.4, median: 0.625, max: 0.9 });
  });
});
