import { describe, expect, it } from "vitest";

import { agentId, answered, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "signals-heeded";
const asked = { agentId, request: 1, command: "withdraw", withinMs: 11_000 } as const;
const begun = () =>
  new HistoryBuilder().start().add("witness.asked", asked).state("Idle", "Withdrawing", "withdrawAsked");
const signals = (history: HistoryBuilder, ...afterMs: readonly number[]) => {
  for (const ms of afterMs) history.wait(ms).add("witness.signal", { agentId, signal: "SIGTERM" });
  return history;
};
const granted = (history: HistoryBuilder) => history.add("witness.answered", { ...answered, command: "withdraw" });
const ended = (history: HistoryBuilder) =>
  history.add("witness.answered", { ...answered, command: "withdraw", ok: false, code: "ended" });

describe("signals-heeded", () => {
  it("passes when one signal changes nothing, the second hurries and the third breaks it off", () => {
    expect(judge(granted(signals(begun(), 100).wait(8_000)), name)).toMatchObject({ result: "pass" });
    expect(judge(granted(signals(begun(), 100, 700).wait(1_900)), name).result).toBe("pass");
    expect(judge(ended(signals(begun(), 100, 700, 700)), name).result).toBe("pass");
    expect(judge(begun(), name).result).toBe("unknown");
  });

  it("fails when it goes on after the second, or the third", () => {
    expect(judge(granted(signals(begun(), 100, 700).wait(3_100)), name).detail).toContain("goes on after 2 signals");
    expect(judge(granted(signals(begun(), 100, 700, 700).wait(1_100)), name).detail).toContain("after 3 signals");
  });

  it("takes two within a moment for one", () => {
    expect(judge(granted(signals(begun(), 100, 400).wait(8_000)), name).result).toBe("pass");
    expect(judge(ended(signals(begun(), 100, 700, 400)), name).detail).toContain("broken off after 2 signals");
  });

  it("fails when fewer break it off", () => {
    expect(judge(ended(begun()), name).detail).toContain("broken off after 0 signals");
    expect(judge(ended(signals(begun(), 100, 700)), name).result).toBe("fail");
  });

  it("does not judge what was asked of a process that was ending, and not heard", () => {
    const stage = (history: HistoryBuilder, what: "begin" | "end") =>
      history.add("agent.shutdown", { trigger: "SIGTERM", stage: what });
    const late = () => stage(stage(new HistoryBuilder().start(), "begin").add("witness.asked", asked), "end");
    expect(judge(ended(late()), name).result).toBe("pass");
    const heard = stage(new HistoryBuilder().start(), "begin").add("witness.asked", asked);
    expect(judge(ended(heard.state("Idle", "Withdrawing", "withdrawAsked")), name).result).toBe("fail");
    expect(judge(ended(new HistoryBuilder().start().add("witness.asked", asked)), name).result).toBe("fail");
  });

  it("does not judge what may be taken for either", () => {
    expect(judge(ended(signals(begun(), 100, 500)), name).result).toBe("pass");
    expect(judge(ended(signals(begun(), 100, 700).freeze()), name).result).toBe("pass");
    const early = signals(new HistoryBuilder().start().add("witness.asked", asked), 100);
    expect(judge(ended(early), name).result).toBe("pass");
  });
});
