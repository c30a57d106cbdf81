import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "state-of-work";
const working = () =>
  new HistoryBuilder().start().execution(1, "spawning", "running").state("Idle", "Working", "workStarted");
const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "" });
const thaw = (history: HistoryBuilder, sandboxes: number) => history.add("agent.thawed", { trigger: "", sandboxes });

describe("state-of-work", () => {
  it("passes an agent that is Working while a job has processes on its host", () => {
    const history = working().execution(1, "running", "killing");
    const ended = woke(history).execution(1, "killing", "killed").state("Working", "Idle", "workEnded");
    expect(judge(woke(ended), name)).toMatchObject({ result: "pass", detail: "4 looks" });
  });

  it("fails when it says otherwise, at once or at its next heartbeat", () => {
    expect(judge(working().state("Working", "Idle", "workEnded"), name).detail).toContain("is Idle with 1 jobs");
    expect(judge(woke(working().execution(1, "running", "completed")), name).detail).toContain("is Working with 0");
    const resumed = working().state("Working", "Paused", "paused").state("Paused", "Idle", "resumeAsked");
    expect(judge(resumed, name).result).toBe("fail");
  });

  it("says nothing of one that is paused or leaves", () => {
    expect(judge(woke(new HistoryBuilder().start().state("Idle", "Paused", "paused")), name).result).toBe("unknown");
  });

  it("fails a freeze that counts more than what runs, or fewer than were saved in it", () => {
    expect(judge(working().freeze(2), name).detail).toContain("2 sandboxes were frozen, and 1 jobs run");
    expect(judge(working().freeze(1).save(1, 1, 2).freeze(0), name).result).toBe("fail");
    expect(judge(working().freeze(1).save(1, 1, 2).freeze(1), name).result).toBe("pass");
  });

  it("fails when more go on than were frozen, or fewer than were saved and still run", () => {
    expect(judge(thaw(working().freeze(0), 1), name).detail).toContain("of 0 frozen sandboxes 1 went on");
    expect(judge(thaw(working().freeze(1).save(1, 1, 2), 0), name).result).toBe("fail");
    const ended = working().freeze(1).save(1, 1, 2).execution(1, "running", "killing");
    expect(judge(thaw(ended, 0), name).result).toBe("pass");
    const leaves = working().freeze(1).save(1, 1, 2).add("agent.shutdown", { trigger: "", stage: "begin" });
    expect(judge(thaw(leaves, 0), name).result).toBe("pass");
  });
});
