import { describe, expect, test } from "vitest";

import { temporaryDirectory } from "../../testing/live-broker.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { settleBrokerKey } from "../federation/envelopes.ts";
import { JoinTokens } from "../security/join-tokens.ts";
import { memoryStore } from "./memory-store.ts";
import { sqliteStore } from "./sqlite-store.ts";
import { parseStoredRecords } from "./stored-records.ts";

const corrupt = { code: "store-corrupt", exitCode: 64 };
const elsewhere = (next: string) => ({ ...corrupt, next: expect.stringContaining(next) });

describe("what a store holds and nobody can read", () => {
  test.each(["nonsense", "{}", '{"jobId":7}'])("is refused as a record, and nobody's bug: %s", (text) => {
    const source = { jobs: [text], agents: [], executions: [], federation: [] };
    expect(() => parseStoredRecords("sqlite", source)).toThrow(expect.objectContaining(elsewhere("--data directory")));
    expect(() => parseStoredRecords("redis", source)).toThrow(expect.objectContaining(elsewhere("namespace")));
  });

  test.each(["nonsense", "{}", '[{"digest":1}]'])("is refused as join tokens: %s", async (text) => {
    const store = sqliteStore(temporaryDirectory());
    await store.writeSetting("join-tokens", text);
    await expect(JoinTokens.load(store, { clock: new ManualClock(), reusable: null })).rejects.toMatchObject(corrupt);
    await store.close();
  });

  test("is refused as the broker's own key", async () => {
    const store = memoryStore();
    await store.writeSetting("federation-key", "nonsense");
    await expect(settleBrokerKey(store)).rejects.toMatchObject(corrupt);
  });
});
