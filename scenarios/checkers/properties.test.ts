import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../testing/history-builder.ts";
import { propertyNames, watchProperties } from "./properties.ts";

const beat = { agentId, state: "Idle", slotsFree: 1, offers: 0 } as const;

describe("watchProperties", () => {
  it("tells a violation at the record that makes it, once, and its property has failed", () => {
    const { records } = new HistoryBuilder().lease(1, 1).lease(1, 2).lease(1, 3);
    const watch = watchProperties(["lease-exclusivity"]);
    const told = records.map((record) => watch.see(record));
    expect(told.map((one) => one?.checker)).toEqual([
      ...[undefined, undefined],
      "lease-exclusivity",
      ...[undefined, undefined, undefined],
    ]);
    expect(told[2]?.violation.events).toEqual([records[0], records[2]]);
    expect(watch.end()).toEqual([
      {
        checker: "lease-exclusivity",
        judgement: expect.objectContaining({ result: "fail", story: expect.anything() }),
      },
    ]);
  });

  it("goes on with the other properties after one was violated", () => {
    const watch = watchProperties();
    const { records } = new HistoryBuilder().job(1, null, "queued").job(1, "queued", "offered").lease(1, 1).lease(1, 2);
    expect(records.map((record) => watch.see(record)?.checker).filter(Boolean)).toEqual(["lease-exclusivity"]);
    const [late] = new HistoryBuilder().job(1, "queued", "cancelled").records;
    expect(watch.see(late!)?.checker).toBe("no-lost-job");
  });

  it("watches for lost agents only where it is told the timeout", () => {
    const silent = new HistoryBuilder().add("broker.heartbeat", beat).wait(9_000).job(1, null, "queued").records;
    const untold = watchProperties();
    expect(silent.map((record) => untold.see(record))).toEqual([null, null]);
    expect(untold.end().map(({ checker }) => checker)).not.toContain("lost-noticed");
    const told = watchProperties(propertyNames, { "lost-noticed": { activityTimeoutMs: 5_000 } });
    expect(silent.map((record) => told.see(record)?.checker)).toEqual([undefined, "lost-noticed"]);
  });

  it("calls a property unknown whose checker crashed, never passed, and asks it no more", () => {
    const watch = watchProperties(["completion-once"]);
    expect(watch.see({ type: "broker.released" } as never)).toBeNull();
    for (const record of new HistoryBuilder().release(1, 1, "completed").release(1, 2, "completed").records) {
      expect(watch.see(record)).toBeNull();
    }
    expect(watch.end()[0]?.judgement).toMatchObject({ result: "unknown", detail: expect.stringContaining("itself") });
  });
});
