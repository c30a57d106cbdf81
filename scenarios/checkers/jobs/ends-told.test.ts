import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "ends-told", { latencyMsMax: 10 });

const directory = { resource: "directory:/home/agent/sandboxes/lease-1-1" };
const running = () => new HistoryBuilder().start().lease(1, 1).execution(1, "spawning", "running");
const ended = () => running().execution(1, "running", "completed");
const wiped = (history: HistoryBuilder) => history.add("agent.released", directory);
const beat = (history: HistoryBuilder) =>
  history.add("broker.heartbeat", { agentId, state: "Idle", slotsFree: 1, offers: 0 });
const wakes = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });
const leaves = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });

describe("ends-told", () => {
  it("passes when the broker hears of it and the directory goes", () => {
    const history = wiped(ended().release(1, 1, "completed")).wait(2_000);
    expect(verdict(wakes(beat(history)))).toMatchObject({ result: "pass", detail: "1 ends were told" });
  });

  it("fails when the broker is not told", () => {
    expect(verdict(beat(beat(wiped(ended())).wait(500))).detail).toContain("the broker was not told");
    expect(verdict(beat(beat(leaves(wiped(ended()))).wait(500))).result).toBe("fail");
  });

  it("fails when the directory stays", () => {
    expect(verdict(wakes(ended().release(1, 1, "completed").wait(500))).detail).toContain("is still there");
    expect(verdict(wakes(leaves(ended().release(1, 1, "completed")).wait(500))).result).toBe("pass");
  });

  it("fails when a cancelled job runs on", () => {
    const cancelled = wakes(running().release(1, 1, "cancelled")).wait(500);
    expect(verdict(wakes(cancelled)).detail).toContain("was cancelled and runs on");
    const stopped = wakes(running().release(1, 1, "cancelled"))
      .execution(1, "running", "killing")
      .wait(500);
    expect(verdict(wakes(stopped)).result).toBe("unknown");
  });
});
