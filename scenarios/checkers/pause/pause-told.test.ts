import { describe, expect, it } from "vitest";

import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "pause-told";
const settings = { latencyMsMax: 50, checkpointBytesMax: 100 };
const beat = { agentId, state: "Paused", slotsFree: 0, offers: 0 } as const;

/** An agent with two sandboxes is paused, and one of them has a checkpoint. */
const paused = () => new HistoryBuilder().start().freeze(2, 4).save(1, 1, 3).state("Working", "Paused", "paused");
const acknowledge = (history: HistoryBuilder, { freezeMs = 4, checkpoints = 1 } = {}) =>
  history.add("broker.pause-acknowledged", { agentId, freezeMs, checkpoints });
const resumed = (history: HistoryBuilder) => history.thaw().state("Paused", "Working", "resumeAsked");

describe("pause-told", () => {
  it("passes a pause that is acknowledged soon, and counts it", () => {
    const history = acknowledge(paused().wait(300)).wait(60_000).add("agent.woke", { cause: "timer" });
    expect(judge(history, name, settings)).toMatchObject({ result: "pass", detail: "1 pauses were acknowledged" });
  });

  it("fails when the agent's clock goes on and the broker says nothing", () => {
    const late = paused().wait(701).add("agent.woke", { cause: "timer" });
    expect(judge(late, name, settings).detail).toContain("the broker has no word of it");
    const soon = paused().wait(600).add("agent.woke", { cause: "timer" });
    expect(judge(soon, name, settings).result).toBe("unknown");
  });

  it("fails by the broker's clock too", () => {
    const history = paused().add("broker.heartbeat", beat, "broker").wait(701);
    expect(judge(history.add("broker.heartbeat", beat, "broker"), name, settings).result).toBe("fail");
  });

  it("waits for a while more where a job was taken back whose checkpoint was on its way, and not for ever", () => {
    const inChunks = { ...settings, uploadChunkBytes: 10 };
    const after = (waitMs: number) => {
      const cancelled = paused().wait(3_000).release(1, 1, "cancelled").add("agent.woke", { cause: "timer" });
      return cancelled.wait(waitMs).add("agent.woke", { cause: "timer" });
    };
    expect(judge(after(690), name, inChunks).result).toBe("unknown");
    expect(judge(after(710), name, inChunks).detail).toContain("the broker has no word of it");
  });

  it.each([
    ["resumed", (history: HistoryBuilder) => resumed(history)],
    ["shut down", (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "", stage: "begin" })],
  ] as const)("asks for nothing of one that is %s meanwhile", (_what, ends) => {
    const history = ends(paused()).wait(5_000).add("agent.woke", { cause: "timer" });
    expect(judge(history, name, settings).result).toBe("unknown");
  });

  it("fails when it is acknowledged twice, unless one of before was on its way", () => {
    expect(judge(acknowledge(acknowledge(paused())), name, settings).detail).toContain("more than once");
    const again = resumed(paused()).freeze(2, 4).state("Working", "Paused", "paused");
    expect(judge(acknowledge(acknowledge(again, { freezeMs: 9 })), name, settings).result).toBe("unknown");
    expect(judge(acknowledge(again), name, settings).result).toBe("fail");
  });

  it.each([
    ["another time for the freeze", { freezeMs: 5 }],
    ["a checkpoint too few", { checkpoints: 0 }],
    ["more checkpoints than sandboxes", { checkpoints: 3 }],
  ])("fails when it tells %s", (_what, wrong) => {
    expect(judge(acknowledge(paused(), wrong), name, settings).result).toBe("fail");
  });

  it("takes a checkpoint of before for one whose snapshot failed", () => {
    expect(judge(acknowledge(paused(), { checkpoints: 2 }), name, settings).result).toBe("pass");
  });

  it.each([
    ["ended meanwhile", paused().execution(1, "running", "killing")],
    ["is not leased any more", paused().release(1, 1, "cancelled")],
    [
      "is too large for the broker",
      new HistoryBuilder()
        .start()
        .freeze(1, 4)
        .add("agent.checkpoint", {
          ...{ jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", durationMs: 1 },
          checkpoint: { ...checkpointAt(3), archiveBytes: 101 },
        })
        .state("Working", "Paused", "paused"),
    ],
  ])("counts no checkpoint of a job that %s", (_what, history) => {
    expect(judge(acknowledge(history, { checkpoints: 0 }), name, settings).result).toBe("pass");
  });
});
