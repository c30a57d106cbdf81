import { pino } from "pino";
import { expect, test } from "vitest";

import { defaultTiming } from "../../protocol/timing.ts";
import { startBrokerState } from "../core/broker-state.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { BlobRecord } from "../core/records.ts";
import { BrokerService } from "./broker-service.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { memoryBlobStore } from "./blobs/memory-blob-store.ts";
import { memoryStore } from "./stores/memory-store.ts";

const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };

/** A service whose store takes until it is let go; some blobs may lie there already. */
function slowService({ blobs = memoryBlobStore(), known = [] }: { blobs?: BlobStore; known?: BlobRecord[] } = {}) {
  const commits: PromiseWithResolvers<void>[] = [];
  const commit = async () => {
    const held = Promise.withResolvers<void>();
    commits.push(held);
    await held.promise;
  };
  const away: { why: string | null } = { why: null };
  const recorded: string[] = [];
  const fatal: unknown[] = [];
  const clock = new ManualClock();
  const state = startBrokerState({ timing: defaultTiming, boot: "test", nowMs: clock.nowMs(), blobs: known });
  const service = new BrokerService({
    state,
    store: { ...memoryStore(), commit, outage: () => away.why },
    blobs,
    clock,
    spawner: { perform: () => undefined },
    record: (type) => void recorded.push(type),
    log: pino({ level: "silent" }),
    onFatal: (error) => fatal.push(error),
  });
  const committing = async (count: number) => {
    while (commits.length < count) await new Promise((resolve) => setImmediate(resolve));
    return commits[count - 1]!;
  };
  return { service, clock, recorded, fatal, committing, away };
}

test("nothing is answered, recorded or shown before it is in the store", async () => {
  const { service, recorded, committing } = slowService();
  const events: string[] = [];
  const submitted = service.handle({ type: "submit", jobs: [job] }).then(() => events.push("answered"));
  const read = service.settled().then(() => events.push("read"));
  const commit = await committing(1);
  expect([events, recorded]).toEqual([[], []]);
  commit.resolve();
  await Promise.all([submitted, read]);
  expect(recorded).toEqual(["broker.job"]);
  expect(events.sort()).toEqual(["answered", "read"]);
});

test("an input that changes nothing waits its turn all the same, so that effects keep their order", async () => {
  const { service, recorded, committing } = slowService();
  const order: string[] = [];
  const submitted = service.handle({ type: "submit", jobs: [job] }).then(() => order.push("submit"));
  const ticked = service.handle({ type: "tick" }).then(() => order.push("tick"));
  (await committing(1)).resolve();
  await Promise.all([submitted, ticked]);
  expect([order, recorded]).toEqual([["submit", "tick"], ["broker.job"]]);
});

test("it is not over before what was to be removed is gone: the next start on the same files would see it vanish", async () => {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<string>();
  const remove = async (digest: string): Promise<void> => {
    asked.resolve(digest);
    await held.promise;
  };
  const known = [{ digest: "d".repeat(64), bytes: 1 }];
  const { service, clock } = slowService({ blobs: { ...memoryBlobStore(), remove }, known });
  clock.advance(defaultTiming.leaseTtlMs);
  await service.handle({ type: "tick" });
  expect(await asked.promise).toBe("d".repeat(64));
  const order: string[] = [];
  const closed = service.close().then(() => order.push("closed"));
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  order.push("removed");
  held.resolve();
  await closed;
  expect(order).toEqual(["removed", "closed"]);
});

test("after a failed write everything is refused, and whoever runs the broker hears of it once", async () => {
  const { service, recorded, fatal, committing } = slowService();
  const submitted = service.handle({ type: "submit", jobs: [job] });
  (await committing(1)).reject(new Error("the disk is full"));
  await expect(submitted).rejects.toThrow("the disk is full");
  await expect(service.handle({ type: "tick" })).rejects.toThrow("the disk is full");
  await expect(service.settled()).rejects.toThrow("the disk is full");
  expect([recorded, fatal.length]).toEqual([[], 1]);
});

test("what the host and other brokers say is noted while the store is away, and nothing else is decided", async () => {
  const { service, recorded, committing, away } = slowService();
  const spawned = service.handle({ type: "spawn", spec: { slots: 1, sandbox: "auto" } });
  (await committing(1)).resolve();
  const response = await spawned;
  const executionId = response.ok ? response.answer.executionId : "";
  away.why = "The store is away.";
  const refused = { problem: { code: "store-away" } };
  await expect(service.handle({ type: "kill", executionId, message: { reason: "", now: true } })).rejects.toMatchObject(
    refused,
  );
  const failed = service.handle({ type: "spawn-failed", executionId, error: "no room" });
  (await committing(2)).resolve();
  await failed;
  expect(service.state.executions.get(executionId)).toMatchObject({ state: "failed", error: "no room" });
  expect(recorded).toEqual(["broker.execution", "broker.execution"]);
  // Refused for what it is about, and not for the store's sake.
  const told = await service.handle({ type: "remote-told", commandId: "nobody's", execution: null, refused: null });
  expect(told).toEqual({ ok: true, answer: { ok: true } });
});

test("a drain asks nothing of the store, and comes to be while that is away", async () => {
  const { service, recorded, away } = slowService();
  away.why = "The store is away.";
  expect(await service.handle({ type: "drain", reason: "maintenance" })).toEqual({ ok: true, answer: { ok: true } });
  expect([service.state.drained, recorded]).toEqual(["maintenance", ["broker.drained"]]);
});
