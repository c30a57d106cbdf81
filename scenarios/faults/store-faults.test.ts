import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { present } from "../../foundation/assert.ts";
import { storeServerMissing } from "../needs/store-server.ts";
import type { HostStage } from "../stages/host/host-stage.ts";
import { rollBackStore, startStore, storeSocket } from "../stages/host/start-store.ts";
import { keepSnapshot, recordsOnServer } from "./store-server.ts";
import { FaultBench } from "./testing/fault-bench.ts";

describe.skipIf(storeServerMissing() !== null)("faults of a store on Redis (needs redis-server)", () => {
  let bench: FaultBench;
  let stage: HostStage;
  let socket: string;
  const kept = new Map<string, string>();

  beforeEach(async () => {
    kept.clear();
    const rollBack = async (from: string) => await rollBackStore(stage, from);
    bench = new FaultBench({ store: () => ({ directory: undefined, kept, server: { socket, rollBack } }) });
    // What of a stage the store has to do with.
    stage = {
      place: bench.place,
      storeServer: undefined,
      schedule: { signal: new AbortController().signal },
      see: () => undefined,
      options: {
        id: `store-faults-${process.pid}`,
        ledger: bench.ledger,
        directory: { history: join(bench.place, "history.jsonl"), logs: bench.place },
      },
    } as unknown as HostStage;
    await startStore(stage);
    socket = storeSocket(stage);
  });
  afterEach(async () => await bench.close());

  /** As a broker commits. */
  async function commit(number: number, ...jobs: readonly (readonly [string, string])[]): Promise<void> {
    const client = new Redis({ path: socket });
    for (const [id, record] of jobs) await client.hset("{houseguest}:jobs", id, record);
    await client.hset("{houseguest}:writer", "commit", number);
    client.disconnect();
  }

  async function keep(name: string): Promise<void> {
    const path = join(bench.place, name);
    mkdirSync(path);
    await keepSnapshot({ socket, place: join(bench.place, "store") }, path);
    kept.set(name, path);
  }

  it("takes the server back to a snapshot, which it keeps over a kill, and waits for the broker to mend it", async () => {
    await commit(1, ["job-1", "queued"]);
    await keep("early");
    await commit(2, ["job-1", "leased"], ["job-2", "queued"]);
    await bench.faults.apply({ kind: "rollback-store", to: "early" });
    expect([...(await recordsOnServer(socket))]).toEqual([["job-1", "queued"]]);
    const server = present(stage.storeServer, "it was started again");
    server.kill("SIGKILL");
    await server.exited;
    await startStore(stage);
    expect([...(await recordsOnServer(socket))]).toEqual([["job-1", "queued"]]);
    const healed = bench.faults.heal(undefined, { comesBack: true });
    await commit(2);
    expect(await healed).toContain("the broker has written everything anew");
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("2 of 2 jobs") });
  });

  it("takes back nothing where nothing was written since, which is unknown", async () => {
    await commit(1, ["job-1", "queued"]);
    await keep("early");
    await bench.faults.apply({ kind: "rollback-store", to: "early" });
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict.result).toBe("unknown");
  });

  it("lets the server forget everything, which is unknown where there was nothing", async () => {
    await commit(1, ["job-1", "queued"]);
    await bench.faults.apply({ kind: "flush-store" }, "first");
    expect((await recordsOnServer(socket)).size).toBe(0);
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("of 2 keys 0 were left") });
    await bench.faults.apply({ kind: "flush-store" }, "again");
    await bench.faults.heal(undefined, { comesBack: false });
    expect(bench.verdict.result).toBe("unknown");
  });

  it("loses it together with the broker, and names what that concerns", async () => {
    await commit(1, ["job-1", "queued"]);
    await keep("early");
    await commit(2, ["job-1", "leased"]);
    await bench.start("exec sleep 600");
    await bench.faults.apply({ kind: "lose-store", to: "early" }, "older");
    await bench.start("exec sleep 600");
    await bench.faults.apply({ kind: "lose-store" }, "empty");
    const lost = bench.history.records.filter(({ type }) => type === "fault.applied");
    expect(lost).toMatchObject([{ data: { subjects: ["job-1"] } }, { data: { subjects: ["job-1"] } }]);
    expect(bench.verdict.result).toBe("pass");
  });
});
