import { describe, expect, it } from "vitest";

import { checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "jobs-settled";
const checkpoint = checkpointAt(5);

describe("jobs-settled", () => {
  it("passes when the rest was handed back with a checkpoint", () => {
    const history = new HistoryBuilder().lease(1, 1).job(1, null, "completed");
    history.lease(2, 1).release(2, 1, "handed-back", { checkpoint }).job(2, null, "queued");
    expect(judge(history, name, { startedMin: 2, handedBackMin: 1 }).result).toBe("pass");
    expect(judge(history, name, { completedAll: 1 }).result).toBe("fail");
    expect(judge(history, name, { startedMin: 3 }).result).toBe("unknown");
    expect(judge(history, name, { handedBackMin: 2 }).result).toBe("unknown");
  });

  it("fails on a hand-back without a checkpoint, even if somebody completed the job from zero", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "handed-back").job(1, null, "completed");
    expect(judge(history, name).result).toBe("fail");
  });

  it("lets jobs go back without one where nobody could save it, and counts them by themselves", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "handed-back").job(1, null, "completed");
    expect(judge(history, name, { unsavedMin: 1 })).toMatchObject({
      result: "pass",
      detail: expect.stringContaining("0 handed back with a checkpoint and 1 without"),
    });
    expect(judge(history, name, { unsavedMin: 2 }).result).toBe("unknown");
    expect(judge(history, name, { unsavedMin: 0, handedBackMin: 1 }).result).toBe("unknown");
  });

  it("fails on a job that was lost with its agent", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "agent-lost").job(1, null, "queued");
    expect(judge(history, name).detail).toContain("agent-lost");
  });

  it("takes a job that the operator cancelled for over, and counts those that were to be", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "cancelled").job(1, null, "cancelled");
    expect(judge(history, name).result).toBe("fail");
    expect(judge(history, name, { cancelled: 1 }).result).toBe("pass");
    expect(judge(history, name, { cancelled: 2 }).detail).toContain("1 jobs are cancelled");
  });

  it("fails on a job that failed", () => {
    expect(judge(new HistoryBuilder().lease(1, 1).job(1, null, "failed"), name).result).toBe("fail");
  });
});
