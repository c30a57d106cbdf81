import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";

import type { SuiteEntry, SuiteRecord } from "../../protocol/suite.ts";
import { shardOf } from "../selection/shard.ts";
import { mergeSuites, type ShardSuite } from "./merge-suites.ts";

const entry = (position: number): SuiteEntry => ({
  ...{ position, scenario: `s-${position}`, repeat: 1, repeats: 1, seed: "s", outcome: "passed" },
  attempts: [{ run: `run-${position}`, exitCode: 0, ms: 10 }],
});

/** What the shards of a suite of so many entries would leave. */
function shardsOf(planned: number, total: number, over: Partial<SuiteRecord> = {}): ShardSuite[] {
  const all = Array.from({ length: planned }, (_, position) => entry(position));
  return Array.from({ length: total }, (_, at) => ({
    directory: `shard-${at + 1}`,
    record: {
      ...{ version: 1, stage: "sim", startedAt: 100 * at, endedAt: 1_000 + at, planned },
      ...{ shard: { index: at + 1, total }, entries: [...shardOf(all, { index: at + 1, total })] },
      ...over,
    },
  }));
}

describe("mergeSuites", () => {
  test.prop([fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), fc.nat()])(
    "gives the suite whatever order its shards come in",
    (planned, total, turn) => {
      const shards = shardsOf(planned, total);
      const turned = [...shards.slice(turn % total), ...shards.slice(0, turn % total)];
      const { record, entries, missing } = mergeSuites(turned);
      expect(missing).toEqual([]);
      expect(record).toMatchObject({ planned, shard: null, startedAt: 0, endedAt: 999 + total });
      expect(record.entries).toEqual(Array.from({ length: planned }, (_, position) => entry(position)));
      for (const { directory, position } of entries) {
        const owner = shards.find((shard) => shard.record.entries.some((one) => one.position === position));
        expect(directory).toBe(owner?.directory);
      }
    },
  );

  test.prop([fc.integer({ min: 8, max: 30 }), fc.integer({ min: 2, max: 8 }), fc.nat()])(
    "says which shard is missing",
    (planned, total, which) => {
      const shards = shardsOf(planned, total);
      const gone = which % total;
      const { missing } = mergeSuites(shards.filter((_, index) => index !== gone));
      expect(missing).toEqual([`Shard ${gone + 1} of ${total} is missing.`]);
    },
  );

  test("what a shard never began is missing", () => {
    const notRun = (one: SuiteEntry): SuiteEntry => ({ ...one, outcome: "not-run", attempts: [] });
    const shards = shardsOf(5, 2).map(({ directory, record }) => ({
      ...{ directory, record: { ...record, entries: record.entries.map(notRun) } },
    }));
    expect(mergeSuites(shards).missing).toEqual([
      "shard-1: 2 of 2 runs never began.",
      "shard-2: 3 of 3 runs never began.",
    ]);
  });

  test("misses what was to run where nothing was planned", () => {
    const [whole] = shardsOf(0, 1) as [ShardSuite];
    expect(mergeSuites([whole]).missing).toEqual(["The records plan no run."]);
  });

  test("refuses parts of two suites of one size", () => {
    const [first] = shardsOf(6, 2, { plan: "0".repeat(16) }) as [ShardSuite];
    const [, other] = shardsOf(6, 2, { plan: "1".repeat(16) }) as [ShardSuite, ShardSuite];
    const [, older] = shardsOf(6, 2) as [ShardSuite, ShardSuite];
    expect(() => mergeSuites([first, other])).toThrow("are parts of different suites");
    expect(() => mergeSuites([first, older])).toThrow("are parts of different suites");
  });

  test("refuses parts of different suites, and one part twice", () => {
    const [first, second] = shardsOf(6, 2) as [ShardSuite, ShardSuite];
    const [other] = shardsOf(7, 2) as [ShardSuite];
    const [host] = shardsOf(6, 2, { stage: "host" }) as [ShardSuite];
    expect(() => mergeSuites([first, other])).toThrow("is shard 1 of 2 of 7 runs, and shard-1 is");
    expect(() => mergeSuites([second, host])).toThrow("ran on the stage host");
    expect(() => mergeSuites([first, { ...first, directory: "copy" }])).toThrow("both ran s-0 as number 1");
    expect(() => mergeSuites([])).toThrow("There is nothing to merge");
  });
});
