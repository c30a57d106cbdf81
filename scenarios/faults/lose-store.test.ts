import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { sqliteStore } from "../../broker-sim/io/stores/sqlite-store.ts";
import { keptRecords } from "./broker-store.ts";
import { FaultBench } from "./testing/fault-bench.ts";

let bench: FaultBench;
let directory: string;
const kept = new Map<string, string>();

beforeEach(async () => {
  kept.clear();
  bench = new FaultBench({ store: () => ({ directory, server: undefined, kept }) });
  directory = join(bench.place, "broker");
  mkdirSync(directory);
  await bench.start("exec sleep 600");
});
afterEach(async () => await bench.close());

/** As a broker that is killed leaves its store: never closed. */
async function commit(...jobs: readonly (readonly [string, string])[]): Promise<void> {
  const store = sqliteStore(directory);
  await store.commit({ jobs: new Map(jobs), agents: new Map() });
  await store.close();
}

describe("lose-store", () => {
  it("takes the store back to what was kept, and names what that concerns", async () => {
    await commit(["job-1", "queued"], ["job-2", "queued"]);
    cpSync(directory, join(bench.place, "kept"), { recursive: true });
    kept.set("before", join(bench.place, "kept"));
    await commit(["job-1", "leased"], ["job-3", "queued"]);
    await bench.faults.apply({ kind: "lose-store", to: "before" });
    expect([...keptRecords(directory)]).toEqual([
      ["job-1", "queued"],
      ["job-2", "queued"],
    ]);
    const [applied] = bench.history.records;
    expect(applied).toMatchObject({ data: { fault: "lose-store", subjects: ["job-1", "job-3"] } });
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("2 of 3 jobs") });
  });

  it("forgets everything, which is unknown where there was nothing", async () => {
    await commit(["job-1", "queued"]);
    await bench.faults.apply({ kind: "lose-store" }, "first");
    expect(keptRecords(directory).size).toBe(0);
    expect(bench.verdict.result).toBe("pass");
    await bench.faults.apply({ kind: "lose-store" }, "again");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict.result).toBe("unknown");
  });

  it("says what is missing where nothing was kept", async () => {
    await expect(bench.faults.apply({ kind: "lose-store", to: "before" })).rejects.toThrow(
      'kept the store as "before"',
    );
  });
});
