import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const settings = { heartbeatIntervalMs: 1_000, heartbeatJitterRatio: 0.2, latencyMsMax: 10 };
const verdict = (history: HistoryBuilder) => judge(history, "heartbeat-rhythm", settings);

const enrolled = () =>
  new HistoryBuilder().start().add("broker.enrolled", { agentId, instanceId: "one", again: false });
const signals = (history: HistoryBuilder, cause: string) => history.add("agent.woke", { cause });
const hears = (history: HistoryBuilder) =>
  history.add("broker.heartbeat", { agentId, instanceId: "one", state: "Idle", slotsFree: 1, offers: 0 });
const beat = (history: HistoryBuilder, cause = "timer") => hears(signals(history, cause));

describe("heartbeat-rhythm", () => {
  it("passes while the interval is kept, and when something is asked for in between", () => {
    const history = beat(beat(enrolled(), "enrolled").wait(1_000));
    expect(verdict(beat(history.wait(100), "a slot is free"))).toMatchObject({
      result: "pass",
      detail: "3 heartbeats",
    });
  });

  it("fails when the timer comes before its time", () => {
    expect(verdict(beat(beat(enrolled()).wait(700))).detail).toContain("more often than its interval");
  });

  it("fails when whoever leaves asks for anything", () => {
    const leaving = beat(enrolled()).state("Idle", "Withdrawing", "withdrawAsked");
    expect(verdict(beat(leaving.wait(100), "a slot is free")).detail).toContain("more often than its interval");
  });

  it("fails when an agent signals before it was heard", () => {
    expect(verdict(signals(signals(enrolled(), "enrolled"), "paused")).detail).toContain("before it was heard");
  });

  it("fails when the broker does not know it", () => {
    expect(verdict(signals(new HistoryBuilder().start(), "timer")).detail).toContain("does not know it");
  });

  it("fails when a living agent falls silent, by its own word and by the broker's", () => {
    const late = beat(enrolled()).wait(1_500);
    expect(verdict(beat(late)).detail).toContain("has not signalled for too long");
    const works = beat(enrolled()).wait(1_500).execution(1, "spawning", "running");
    expect(verdict(works).detail).toContain("has not signalled for too long");
    const other = { agentId: "b".repeat(64), instanceId: "two", state: "Idle", slotsFree: 1, offers: 0 } as const;
    expect(verdict(beat(enrolled()).wait(1_500).add("broker.heartbeat", other)).result).toBe("fail");
  });

  it("fails when a slot that is free is not told, and gives a signal under way its time", () => {
    const free = () =>
      beat(enrolled()).add("agent.released", { resource: "directory:/home/agent/sandboxes/lease-1-1" });
    expect(verdict(beat(free().wait(100), "a slot is free")).result).toBe("pass");
    expect(verdict(beat(free().wait(900))).detail).toContain("something to tell and does not signal");
    expect(verdict(beat(beat(enrolled()).state("Idle", "Paused", "paused").wait(900))).result).toBe("fail");
  });

  it("lets whoever has left be silent", () => {
    const left = beat(enrolled()).add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }).wait(9_000);
    const other = { agentId: "b".repeat(64), instanceId: "two", state: "Idle", slotsFree: 1, offers: 0 } as const;
    expect(verdict(left.add("broker.heartbeat", other)).result).toBe("pass");
  });

  it("cannot tell where nobody signals", () => {
    expect(verdict(new HistoryBuilder()).result).toBe("unknown");
  });
});
