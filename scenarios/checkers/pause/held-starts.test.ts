import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "held-starts";
/** It may take 700 ms until a job is started. */
const settings = { latencyMsMax: 50 };

const leased = (history = new HistoryBuilder().start()) =>
  history.add("broker.leased", { ...grant(1, 1), expiresAt: 90_000 });
const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });
/** By the agent's own clock, which is told first. */
const late = (history: HistoryBuilder) => woke(woke(history).wait(800));

describe("held-starts", () => {
  it("passes what is started soon, and counts it", () => {
    const history = late(leased().wait(600).execution(1, null, "spawning"));
    expect(judge(history, name, settings)).toMatchObject({ result: "pass", detail: "1 jobs were started" });
  });

  it("fails what is not", () => {
    expect(judge(late(leased()), name, settings).detail).toMatch(/^lease-1-1 was not started for 8\d\d ms/);
  });

  it("gives it time from the end of the freeze, or of the pause, that it waits for", () => {
    expect(judge(late(leased().freeze()), name, settings).result).toBe("unknown");
    expect(judge(woke(late(leased().freeze()).thaw().wait(600)), name, settings).result).toBe("unknown");
    expect(judge(late(late(leased().freeze()).thaw()), name, settings).result).toBe("fail");
    const paused = late(leased().freeze().state("Idle", "Paused", "paused")).state("Paused", "Idle", "resumeAsked");
    expect(judge(late(paused), name, settings).result).toBe("fail");
  });

  it("asks for nothing of a lease that is over, or of an agent that leaves", () => {
    expect(judge(late(leased().release(1, 1, "cancelled")), name, settings).result).toBe("unknown");
    expect(judge(late(leased().add("agent.shutdown", { trigger: "", stage: "begin" })), name, settings).result).toBe(
      "unknown",
    );
    const withdraws = leased().state("Idle", "Withdrawing", "withdrawAsked");
    expect(judge(late(withdraws), name, settings).result).toBe("unknown");
  });
});
