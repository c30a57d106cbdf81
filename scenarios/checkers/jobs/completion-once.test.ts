import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "completion-once";

describe("completion-once", () => {
  it.each(["completed", "failed"] as const)("fails on a second end after one that was %s", (how) => {
    const history = new HistoryBuilder().release(1, 1, how).release(1, 2, "completed");
    expect(judge(history, name)).toMatchObject({ result: "fail", detail: expect.stringContaining("again") });
  });

  it("passes on a hand-back followed by one completion, and on two jobs", () => {
    const history = new HistoryBuilder().release(1, 1, "handed-back").release(1, 2, "completed");
    expect(judge(history.release(2, 1, "completed"), name).result).toBe("pass");
  });

  it("fails when a settled job moves again", () => {
    const settled = () => new HistoryBuilder().release(1, 1, "completed").job(1, "leased", "completed");
    expect(judge(settled(), name).result).toBe("pass");
    expect(judge(settled().job(1, "completed", "queued"), name).result).toBe("fail");
    expect(judge(settled().job(1, "leased", "cancelled"), name).result).toBe("fail");
    expect(judge(new HistoryBuilder().job(1, "cancelled", "queued"), name).result).toBe("fail");
  });

  it("lets a job end again that a store took back, and only that one", () => {
    const settled = () => new HistoryBuilder().release(1, 1, "completed").job(1, "leased", "completed");
    const again = (history: HistoryBuilder) => history.release(1, 2, "completed").job(1, "leased", "completed");
    expect(judge(again(settled().loseStore(1)), name).result).toBe("pass");
    expect(judge(again(settled().loseStore(2)), name).result).toBe("fail");
    expect(judge(again(again(settled().loseStore(1))), name).result).toBe("fail");
  });
});
