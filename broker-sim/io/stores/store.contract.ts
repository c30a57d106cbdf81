import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { priorityOf } from "../../core/records.ts";
import type { BrokerStore } from "./store.ts";
import { CoreAgent, CoreBroker, answerOf } from "../../testing/core-broker.ts";

/** What every store must do. `open` may be called again after a close, and finds what was committed if `keeps`. */
export function storeContract(
  name: string,
  {
    open,
    cleanUp,
    keeps,
  }: { open: () => BrokerStore | Promise<BrokerStore>; cleanUp: () => void | Promise<void>; keeps: boolean },
): void {
  describe(`${name} store`, () => {
    let store: BrokerStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store?.close();
      await cleanUp();
    });

    test("begins empty", async () => {
      expect(await store.load()).toEqual({ jobs: [], agents: [], executions: [], federation: [] });
      expect(await store.readSetting("join-token")).toBeNull();
    });

    test("gives back every record as it was committed last", async () => {
      const { broker, agent, jobs } = scene();
      await store.commit(writesOf(broker));
      const [lease] = agent.takeWork(1);
      answerOf(agent.progress(lease!, 4, broker.checkpoint("one", 4)));
      await store.commit(writesOf(broker));
      const loaded = await store.load();
      expect(byId(loaded.jobs)).toEqual(byId(jobs()));
      expect(loaded.agents).toEqual([...broker.storedAgents.values()]);
      expect(loaded.executions).toEqual([...broker.storedExecutions.values()]);
      expect(loaded.federation).toEqual([...broker.storedFederation.values()]);
    });

    test("keeps a job's priority and what it waits for; records from before there were either have the usual", async () => {
      const broker = new CoreBroker();
      const [jobId] = broker.submit(1, { priority: 4 });
      const agent = new CoreAgent(broker).enrol();
      agent.takeWork();
      agent.startAnew();
      agent.enrol().heartbeat({ slotsFree: 0 });
      const waiting = broker.storedJobs.get(jobId!)!;
      expect(waiting.waitsUntil).toBeGreaterThan(broker.nowMs);
      await store.commit(writesOf(broker));
      expect((await store.load()).jobs).toMatchObject([{ waitsUntil: waiting.waitsUntil, job: { priority: 4 } }]);
      const { waitsUntil: _waitsUntil, ...old } = waiting;
      const { priority: _priority, ...job } = old.job;
      await store.commit({ jobs: new Map([[jobId!, JSON.stringify({ ...old, job })]]), agents: new Map() });
      const [loaded] = (await store.load()).jobs;
      expect(loaded).toEqual({ ...waiting, job, waitsUntil: null });
      expect(priorityOf(loaded!)).toBe(0);
    });

    test("forgets what is removed, in the same commit that writes the rest", async () => {
      const { broker, jobs } = scene();
      const [first, second] = jobs();
      broker.do({ type: "cancel", jobId: first!.jobId });
      await store.commit(writesOf(broker));
      const changed = { ...second!, progress: 7 };
      const writes = new Map([
        [first!.jobId, null],
        [second!.jobId, JSON.stringify(changed)],
      ]);
      const executions = new Map([["exec-boot0-1", null]]);
      const federation = new Map([["connection/conn-0000000000000001", null]]);
      await store.commit({ jobs: writes, agents: new Map(), executions, federation });
      expect(await store.load()).toMatchObject({ jobs: [changed], executions: [], federation: [] });
    });

    test("takes thousands of records at once", async () => {
      const broker = new CoreBroker();
      broker.submit(5_000);
      await store.commit(writesOf(broker));
      expect((await store.load()).jobs).toHaveLength(5_000);
    });

    test("can be written to, and says so", async () => {
      expect(store.outage()).toBeNull();
    });

    test("keeps settings, the last value of each", async () => {
      await store.writeSetting("join-token", "one");
      await store.writeSetting("join-token", "two");
      expect(await store.readSetting("join-token")).toBe("two");
    });

    test("says so when the record of an execution cannot be read back", async () => {
      const executions = new Map([["exec-a-1", '{"executionId":"exec-a-1"}']]);
      await store.commit({ jobs: new Map(), agents: new Map(), executions });
      await expect(store.load()).rejects.toMatchObject({ code: "store-corrupt" });
    });

    test("says so when a record cannot be read back", async () => {
      await store.commit({ jobs: new Map([["job-a-1", '{"jobId":"job-a-1"}']]), agents: new Map() });
      await expect(store.load()).rejects.toMatchObject({ code: "store-corrupt" });
    });

    if (!keeps) return;
    test("finds all of it again after it was closed", async () => {
      const { broker, jobs } = scene();
      await store.commit(writesOf(broker));
      await store.writeSetting("join-token", "one");
      await store.close();
      store = await open();
      const { executions, federation, ...loaded } = await store.load();
      expect(federation).toEqual([...broker.storedFederation.values()]);
      expect(byId(loaded.jobs)).toEqual(byId(jobs()));
      expect(executions).toEqual([...broker.storedExecutions.values()]);
      expect(await store.readSetting("join-token")).toBe("one");
    });
  });
}

function scene() {
  const broker = new CoreBroker();
  broker.submit(2);
  broker.do({ type: "spawn", spec: { slots: 1, sandbox: "auto" } });
  const invitation = { secretDigest: "d".repeat(64), invitedUntil: 1 };
  broker.do({ type: "invite", connectionId: "conn-0000000000000001", name: "hub", ...invitation });
  const agent = new CoreAgent(broker).enrol();
  return { broker, agent, jobs: () => [...broker.storedJobs.values()] };
}

function writesOf(broker: CoreBroker) {
  return {
    jobs: new Map(Array.from(broker.storedJobs, ([jobId, job]) => [jobId, JSON.stringify(job)])),
    agents: new Map(Array.from(broker.storedAgents, ([agentId, agent]) => [agentId, JSON.stringify(agent)])),
    executions: new Map(Array.from(broker.storedExecutions, ([id, execution]) => [id, JSON.stringify(execution)])),
    federation: new Map(Array.from(broker.storedFederation, ([key, kept]) => [key, JSON.stringify(kept)])),
  };
}

function byId<T extends { jobId: string }>(jobs: readonly T[]): T[] {
  return [...jobs].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
}
