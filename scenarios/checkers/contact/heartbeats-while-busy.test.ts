import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const settings = { busyMsMin: 3_000, silenceMsMax: 2_000 };

function beats(...gapsMs: readonly number[]): HistoryBuilder {
  const history = new HistoryBuilder().add("broker.heartbeat", { agentId, state: "Working", slotsFree: 0, offers: 0 });
  for (const gapMs of gapsMs) {
    history.wait(gapMs).add("broker.heartbeat", { agentId, state: "Working", slotsFree: 0, offers: 0 });
  }
  return history;
}
const result = (history: HistoryBuilder) => judge(history, "heartbeats-while-busy", settings).result;

describe("heartbeats-while-busy", () => {
  it("passes when a busy agent is heard for longer than the broker's patience", () => {
    expect(result(beats(1_000, 1_000, 1_000))).toBe("pass");
  });

  it("fails for a silence, and for an agent that is taken for lost", () => {
    expect(result(beats(1_000, 2_500))).toBe("fail");
    expect(result(beats(1_000).add("broker.agent", { agentId, standing: "lost", reason: "" }))).toBe("fail");
  });

  it("knows nothing when it was not busy for long enough at a stretch", () => {
    expect(result(beats(1_000, 1_000))).toBe("unknown");
    const free = beats(1_000, 1_000).add("broker.heartbeat", { agentId, state: "Working", slotsFree: 1, offers: 0 });
    expect(result(free.wait(9_000).add("broker.heartbeat", { agentId, state: "Idle", slotsFree: 1, offers: 0 }))).toBe(
      "unknown",
    );
  });
});
