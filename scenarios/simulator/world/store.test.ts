import { beforeEach, describe, expect, test } from "vitest";

import { startFederation } from "../../../broker-sim/core/federation/federation-records.ts";
import { UploadList } from "../../../broker-sim/core/upload-list.ts";
import type { JobRecord } from "../../../broker-sim/core/records.ts";
import { CoreAgent, CoreBroker } from "../../../broker-sim/testing/core-broker.ts";
import { copyOfBatch, Store, storeHistoryMax } from "./store.ts";

let one: JobRecord;
let other: JobRecord;
const batch = (jobs: readonly JobRecord[], jobsRemoved: readonly string[] = []) => ({ jobs, jobsRemoved, agents: [] });
const progressOf = (store: Store): object =>
  Object.fromEntries(store.load().jobs.map(({ jobId, progress }) => [jobId, progress]));

beforeEach(() => {
  const broker = new CoreBroker();
  broker.submit(2);
  [one, other] = [...broker.storedJobs.values()] as [JobRecord, JobRecord];
});

describe("the modelled store", () => {
  test("begins empty", () => {
    expect(new Store({ keepsUndos: true }).load()).toEqual({
      jobs: [],
      agents: [],
      executions: [],
      federation: [],
      blobs: [],
      uploads: [],
    });
  });

  test("gives back every record as it was committed last, and not what was removed", () => {
    const broker = new CoreBroker();
    new CoreAgent(broker).enrol();
    const agents = [...broker.storedAgents.values()];
    const store = new Store({ keepsUndos: false });
    store.commit({ jobs: [one, other], jobsRemoved: [], agents });
    store.commit(batch([{ ...other, progress: 7 }], [one.jobId]));
    expect(store.load()).toEqual({
      jobs: [{ ...other, progress: 7 }],
      agents,
      executions: [],
      federation: [],
      blobs: [],
      uploads: [],
    });
  });

  test("refuses to read back what is no record", () => {
    const store = new Store({ keepsUndos: false });
    store.commit(batch([{ jobId: "job-a-1" } as JobRecord]));
    expect(() => store.load()).toThrow(/invalid_type/);
  });

  test("keeps a copied batch as it was, whatever the broker does to its records later", () => {
    const granted = { ...one, grant: { leaseId: "l", agentId: "a", expiresAt: 1 } } as unknown as JobRecord;
    const copied = copyOfBatch(batch([granted]), false);
    granted.progress = 99;
    (granted.grant as { expiresAt: number }).expiresAt = 99;
    expect(copied.jobs[0]).toMatchObject({ progress: one.progress, grant: { expiresAt: 1 } });
  });

  test("says where it does not hold what the broker knows, but for what heartbeats say anew", () => {
    const store = new Store({ keepsUndos: false });
    store.commit(batch([one]));
    const known = (job: JobRecord) => ({
      jobs: new Map([[job.jobId, job]]),
      agents: new Map(),
      executions: new Map(),
      federation: startFederation([]),
      blobs: new Map(),
      uploads: new UploadList(),
    });
    expect(() => store.assertHolds(known({ ...one, progress: 9 }))).not.toThrow();
    expect(() => store.assertHolds(known({ ...one, epoch: 9 }))).toThrow(/the store holds job-/);
    expect(() => store.assertHolds({ ...known(one), jobs: new Map() })).toThrow(/nothing that is over/);
    store.putBlob("a", 1);
    expect(() => store.assertHolds(known(one))).toThrow(/stored blob a/);
  });

  test("refuses to write what could not be read again", () => {
    expect(() => copyOfBatch(batch([{ ...one, state: undefined } as unknown as JobRecord]), false)).toThrow(/a job/);
    expect(() => copyOfBatch(batch([{ ...one, queueOrder: 0.5 }]), true)).toThrow(/a job/);
    expect(() => copyOfBatch(batch([]), false)).toThrow(/something is written/);
  });

  test("forgets its last commits, each as a whole, and says which jobs are not as they were", () => {
    const store = new Store({ keepsUndos: true });
    store.commit(batch([one, other]));
    store.commit(batch([{ ...one, progress: 3 }]));
    store.commit(batch([{ ...one, progress: 5 }], [other.jobId]));
    expect(store.forget(1)).toEqual([one.jobId, other.jobId].sort());
    expect(progressOf(store)).toEqual({ [one.jobId]: 3, [other.jobId]: 0 });
    expect(store.forget(1)).toEqual([one.jobId]);
    expect(progressOf(store)).toEqual({ [one.jobId]: 0, [other.jobId]: 0 });
    expect(store.forget(5)).toEqual([one.jobId, other.jobId].sort());
    expect(store.load().jobs).toEqual([]);
    expect(store.forget(1)).toEqual([]);
  });

  test("forgets a job that one commit wrote twice over", () => {
    const store = new Store({ keepsUndos: true });
    store.commit(batch([one]));
    store.commit(
      batch(
        [
          { ...one, progress: 1 },
          { ...one, progress: 2 },
        ],
        [],
      ),
    );
    expect(store.forget(1)).toEqual([one.jobId]);
    expect(progressOf(store)).toEqual({ [one.jobId]: 0 });
  });

  test("forgets agents with the commit that wrote them", () => {
    const broker = new CoreBroker();
    new CoreAgent(broker).enrol();
    const store = new Store({ keepsUndos: true });
    store.commit({ jobs: [], jobsRemoved: [], agents: [...broker.storedAgents.values()] });
    expect(store.forget(1)).toEqual([]);
    expect(store.load().agents).toEqual([]);
  });

  test("can forget as many commits as it promises, after any number of them", () => {
    const store = new Store({ keepsUndos: true });
    const commits = 5 * storeHistoryMax + 3;
    for (let number = 1; number <= commits; number += 1) store.commit(batch([{ ...one, progress: number }]));
    store.forget(storeHistoryMax);
    expect(progressOf(store)).toEqual({ [one.jobId]: commits - storeHistoryMax });
  });

  test("forgets everything there ever was, blobs too", () => {
    const store = new Store({ keepsUndos: true });
    store.commit(batch([one, other]));
    store.putBlob("a1", 10);
    expect(store.forget(null)).toEqual([one.jobId, other.jobId].sort());
    expect(store.load()).toEqual({ jobs: [], agents: [], executions: [], federation: [], blobs: [], uploads: [] });
    expect(store.forget(1)).toEqual([]);
    expect(store.load().jobs).toEqual([]);
  });

  test("has a blob from when it is put until it is removed", () => {
    const store = new Store({ keepsUndos: false });
    expect(store.hasBlob("a1")).toBe(false);
    store.putBlob("a1", 10);
    store.putBlob("b2", 20);
    store.removeBlob("a1");
    expect([store.hasBlob("a1"), store.hasBlob("b2")]).toEqual([false, true]);
    expect(store.load().blobs).toEqual([{ digest: "b2", bytes: 20 }]);
  });
});
