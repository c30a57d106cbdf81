import { describe, expect, it } from "vitest";

import type { AgentState } from "../../../protocol/agent-states.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "pause-heard";
/** One round trip is 350 ms. */
const settings = { latencyMsMax: 50 };

const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "" });
const beat = (history: HistoryBuilder, state: AgentState, slotsFree = 0) =>
  history.add("broker.heartbeat", { agentId, instanceId: "one", state, slotsFree, offers: 0 });
const working = () => new HistoryBuilder().start().state("Idle", "Working", "workStarted");
const paused = () => working().state("Working", "Paused", "paused");

describe("pause-heard", () => {
  it("passes what is told at once, and counts it", () => {
    const history = woke(beat(woke(paused().wait(300)), "Paused").state("Paused", "Working", "resumeAsked"));
    expect(judge(beat(history, "Working", 1), name, settings)).toMatchObject({
      result: "pass",
      detail: "2 times the broker was told",
    });
  });

  it("fails when a pause or a resume waits for the next heartbeat", () => {
    expect(judge(woke(paused().wait(400)), name, settings).detail).toContain("that the agent is Paused");
    const resumed = woke(paused()).state("Paused", "Idle", "resumeAsked").wait(400);
    expect(judge(woke(resumed), name, settings).result).toBe("fail");
  });

  it("asks for no heartbeat at once when a job began, or of whoever leaves", () => {
    expect(judge(woke(working().wait(400)), name, settings).result).toBe("unknown");
    const leaves = paused().add("agent.shutdown", { trigger: "", stage: "begin" }).wait(400);
    expect(judge(woke(leaves), name, settings).result).toBe("unknown");
    const withdraws = paused().state("Paused", "Withdrawing", "withdrawAsked").wait(400);
    expect(judge(woke(withdraws), name, settings).result).toBe("unknown");
  });

  it("fails when a heartbeat says another state than the agent was in", () => {
    expect(judge(beat(woke(paused()), "Working"), name, settings).detail).toContain(
      "was Paused said that it is Working",
    );
    const crossed = woke(working()).state("Working", "Paused", "paused");
    expect(judge(beat(woke(beat(crossed, "Working")), "Paused"), name, settings).result).toBe("pass");
  });

  it("fails when whoever takes no work counts free slots", () => {
    expect(judge(beat(woke(paused()), "Paused", 1), name, settings).detail).toContain("counts 1 free slots");
  });
});
