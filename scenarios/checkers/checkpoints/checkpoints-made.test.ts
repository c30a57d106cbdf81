import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "checkpoints-made";
/** It may take 6,250 ms: the interval, twice the time that a freeze may last, and how late a timer may be. */
const settings = { checkpointIntervalMs: 4_000 };

const running = (history = new HistoryBuilder().start()) => history.execution(1, "spawning", "running");
const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });
const result = (history: HistoryBuilder) => judge(woke(history), name, settings).result;

describe("checkpoints-made", () => {
  it("passes while each interval has a checkpoint, and counts them", () => {
    const history = woke(running().wait(6_000)).save(1, 1, 3).wait(6_000);
    expect(judge(woke(history), name, settings)).toMatchObject({ result: "pass", detail: "1 checkpoints" });
  });

  it("fails when one is missing, and names the job", () => {
    const history = woke(running().save(1, 1, 3).wait(6_400));
    expect(judge(history, name, settings).detail).toMatch(/^lease-1-1 has run for 64\d\d ms/);
  });

  it("takes it for one when it is told why there is none", () => {
    const data = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    expect(result(running().wait(6_000).add("agent.checkpoint-failed", data).wait(6_000))).toBe("pass");
  });

  it("bears a quarter of the interval more where jobs were asked to cooperate, until the next thaw", () => {
    const told = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", stage: "asked", waitedMs: 0 } as const;
    const asked = (history: HistoryBuilder) => history.add("agent.cooperation", told);
    expect(result(asked(running().save(1, 1, 3)).wait(7_000))).toBe("pass");
    expect(result(asked(running().save(1, 1, 3)).wait(7_400))).toBe("fail");
    const periodic = { trigger: "periodic checkpoint", sandboxes: 1 };
    expect(
      result(
        asked(running().save(1, 1, 3))
          .add("agent.thawed", periodic)
          .wait(7_000),
      ),
    ).toBe("fail");
  });

  it("counts each job by itself", () => {
    expect(result(running().wait(5_000).save(2, 1, 3).wait(2_000))).toBe("fail");
  });

  it("asks for none of a job that has ended, of a paused agent or of one that leaves", () => {
    expect(result(running().execution(1, "running", "completed").wait(9_000))).toBe("unknown");
    expect(result(running().freeze().wait(9_000))).toBe("unknown");
    expect(result(running().add("agent.shutdown", { trigger: "", stage: "begin" }).thaw().wait(9_000))).toBe("unknown");
  });

  it("counts anew from a resume, and not from the end of a periodic freeze", () => {
    expect(result(running().freeze().wait(9_000).thaw().wait(6_000))).toBe("unknown");
    expect(result(running().freeze().wait(9_000).thaw().wait(7_000))).toBe("fail");
    const thaw = { trigger: "periodic checkpoint", sandboxes: 1 };
    const short = running().wait(5_000).freeze(1, 1, "periodic checkpoint").wait(500).add("agent.thawed", thaw);
    expect(result(short.wait(1_000))).toBe("fail");
  });
});
