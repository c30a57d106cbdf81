import { expect, onTestFinished, test, vi } from "vitest";

import { brokerLimits } from "../../core/broker-limits.ts";
import type { JobRecord } from "../../core/records.ts";
import { CoreBroker } from "../../testing/core-broker.ts";
import { CommitQueue } from "./commit-queue.ts";
import { memoryStore } from "./memory-store.ts";
import type { BrokerStore, StoreWrites } from "./store.ts";

function batch(job: JobRecord, epoch: number) {
  return { jobs: [Object.assign(job, { epoch })], jobsRemoved: [], agents: [] };
}

function newJob(): JobRecord {
  const broker = new CoreBroker();
  return broker.job(broker.submit()[0]!);
}

/** A store whose commits take until they are let go. */
function slowStore() {
  const commits: { epoch: number; finish: (error?: Error) => void }[] = [];
  const store: BrokerStore = {
    ...memoryStore(),
    commit: async (writes: StoreWrites) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const epoch = Number(JSON.parse([...writes.jobs.values()][0] ?? "{}").epoch);
      commits.push({ epoch, finish: (error) => (error === undefined ? resolve() : reject(error)) });
      await promise;
    },
  };
  return { store, commits };
}

const turnOfLoop = async () => await new Promise((resolve) => setImmediate(resolve));

test("writes one group at a time, in order, and settles each only when it is written", async () => {
  const { store, commits } = slowStore();
  const queue = new CommitQueue(store);
  const job = newJob();
  const settled: number[] = [];
  const add = (epoch: number) => {
    queue.add(batch(job, epoch));
    return queue.settled().then(() => settled.push(epoch));
  };
  const all = [add(1), add(2)];
  await turnOfLoop();
  all.push(add(3));
  await turnOfLoop();
  await turnOfLoop();
  expect(commits.map(({ epoch }) => epoch)).toEqual([2]);
  expect(settled).toEqual([]);
  commits[0]!.finish();
  await Promise.all(all.slice(0, 2));
  expect(settled).toEqual([1, 2]);
  while (commits.length < 2) await turnOfLoop();
  expect(commits[1]!.epoch).toBe(3);
  commits[1]!.finish();
  await Promise.all(all);
  expect(settled).toEqual([1, 2, 3]);
  await queue.settled();
});

test("lets nobody wait for longer than the limit, and settles when it is written all the same", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { store, commits } = slowStore();
  const queue = new CommitQueue(store);
  queue.add(batch(newJob(), 1));
  const settled = queue.settled();
  const answered = queue.settledInTime();
  answered.catch(() => undefined);
  await turnOfLoop();
  vi.advanceTimersByTime(brokerLimits.storeWaitMsMax - 1);
  expect(await Promise.race([answered, Promise.resolve("waits")])).toBe("waits");
  vi.advanceTimersByTime(1);
  await expect(answered).rejects.toMatchObject({ problem: { code: "store-away" } });
  commits[0]!.finish();
  await settled;
});

test("after a failed write nothing is ever acknowledged again", async () => {
  const { store, commits } = slowStore();
  const queue = new CommitQueue(store);
  const job = newJob();
  queue.add(batch(job, 1));
  const first = queue.settled();
  await turnOfLoop();
  queue.add(batch(job, 2));
  const second = queue.settled();
  commits[0]!.finish(new Error("disk full"));
  await expect(first).rejects.toThrow("disk full");
  await expect(second).rejects.toThrow("disk full");
  await expect(queue.settled()).rejects.toThrow("disk full");
  expect(commits).toHaveLength(1);
});
