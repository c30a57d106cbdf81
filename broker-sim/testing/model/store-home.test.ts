import { afterEach, describe, expect, test } from "vitest";

import type { StoreWrites } from "../../io/stores/store.ts";
import { CoreAgent, CoreBroker } from "../core-broker.ts";
import { memoryHome, SqliteHome, type StoreHome } from "./store-home.ts";

const homes: readonly { name: string; make: () => StoreHome }[] = [
  { name: "memory", make: memoryHome },
  { name: "sqlite", make: () => new SqliteHome() },
];

describe.each(homes)("a home in $name", ({ make }) => {
  let home: StoreHome;
  afterEach(async () => await home.leave());

  test("goes back to every record that was there at the mark, and to nothing else", async () => {
    home = make();
    const broker = new CoreBroker();
    takeIn(broker, 1);
    const atMark = await commitAll(home, broker);
    expect(Object.values(atMark).map((records) => records.length)).toEqual([1, 1, 1, 1]);
    await home.mark();
    takeIn(broker, 2);
    const after = await commitAll(home, broker);
    expect(Object.values(after).map((records) => records.length)).toEqual([2, 2, 2, 2]);
    await home.goBack();
    const store = await home.open();
    expect(await store.load()).toEqual(atMark);
    await store.close();
  });
});

/** One of everything that a store keeps. */
function takeIn(broker: CoreBroker, nth: number): void {
  broker.submit(1);
  new CoreAgent(broker, { number: nth }).enrol();
  broker.do({ type: "spawn", spec: { slots: 1, sandbox: "auto" } });
  const invitation = { secretDigest: "d".repeat(64), invitedUntil: 1 };
  broker.do({ type: "invite", connectionId: `conn-000000000000000${nth}`, name: "hub", ...invitation });
}

/** @returns what the store says that it has then */
async function commitAll(home: StoreHome, broker: CoreBroker) {
  const store = await home.open();
  const writes: StoreWrites = {
    jobs: texts(broker.storedJobs),
    agents: texts(broker.storedAgents),
    executions: texts(broker.storedExecutions),
    federation: texts(broker.storedFederation),
  };
  await store.commit(writes);
  const loaded = await store.load();
  await store.close();
  return loaded;
}

function texts(records: ReadonlyMap<string, unknown>): Map<string, string> {
  return new Map(Array.from(records, ([id, record]) => [id, JSON.stringify(record)]));
}
