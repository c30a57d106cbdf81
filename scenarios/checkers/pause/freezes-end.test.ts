import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "freezes-end";
const settings = { checkpointIntervalMs: 4_000 };
const periodic = "periodic checkpoint";

const running = () => new HistoryBuilder().start().execution(1, "spawning", "running");
const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });
const failed = (history: HistoryBuilder) =>
  history.add("agent.checkpoint-failed", { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" });
const leaves = (history: HistoryBuilder) =>
  history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }).freeze(1, 1, "SIGTERM");

describe("freezes-end", () => {
  it("passes freezes that end in time", () => {
    const history = running().freeze(1, 1, periodic).save(1, 1, 2).wait(900).thaw().wait(9_000);
    expect(judge(woke(history), name, settings)).toMatchObject({ result: "pass", detail: "1 freezes" });
    const pause = running().freeze().wait(29_000).state("Working", "Paused", "paused").wait(90_000);
    expect(judge(woke(pause), name, settings).result).toBe("pass");
  });

  it("fails one that lasts: a periodic one after a quarter of the interval, a pause after 30 s", () => {
    expect(judge(woke(running().freeze(1, 1, periodic).wait(1_300)), name, settings).result).toBe("fail");
    expect(judge(woke(running().freeze().wait(1_300)), name, settings).result).toBe("pass");
    expect(judge(woke(running().freeze().wait(30_300)), name, settings).result).toBe("fail");
  });

  it("gives a pause that takes a periodic freeze over its own time", () => {
    const history = running().freeze(1, 1, periodic).wait(900).freeze().wait(29_900);
    expect(judge(woke(history), name, settings).result).toBe("pass");
    expect(judge(woke(history.freeze().wait(500)), name, settings).result).toBe("fail");
  });

  it("fails a snapshot that is given up too soon, and passes it when the time is over", () => {
    expect(judge(failed(running().freeze(1, 1, periodic).wait(500)), name, settings).result).toBe("fail");
    expect(judge(failed(running().freeze(1, 1, periodic).wait(1_000)), name, settings).result).toBe("pass");
    expect(judge(failed(leaves(running())), name, settings).result).toBe("pass");
  });

  it("fails one that lasts, and a snapshot that comes to nothing, longer than any snapshot takes", () => {
    const small = { ...settings, snapshotMsMax: 200 };
    expect(judge(woke(running().freeze().wait(400)), name, small).result).toBe("pass");
    expect(judge(woke(running().freeze().wait(500)), name, small).result).toBe("fail");
    expect(judge(failed(running().freeze(1, 1, periodic).wait(1_000)), name, small).detail).toContain("to nothing");
    expect(judge(failed(leaves(running()).wait(500)), name, small).result).toBe("fail");
    expect(judge(failed(leaves(running()).wait(400)), name, small).result).toBe("pass");
  });

  it("counts the time for a snapshot of a lease that came to it in the freeze from then on", () => {
    const small = { ...settings, snapshotMsMax: 200 };
    const prepares = (leaseId: string) =>
      leaves(new HistoryBuilder().start())
        .wait(900)
        .add("agent.acquired", { resource: `directory:/home/me/sandboxes/${leaseId}` });
    expect(judge(failed(prepares("lease-1-1").wait(300)), name, small).result).toBe("pass");
    expect(judge(failed(prepares("lease-1-1").wait(500)), name, small).detail).toContain("to nothing");
    expect(judge(failed(prepares("lease-2-1").wait(300)), name, small).result).toBe("fail");
  });

  describe("on the way out", () => {
    it("fails a lease that is handed back, and of whose snapshot nothing was told", () => {
      expect(judge(leaves(running()).release(1, 1, "handed-back"), name, settings).detail).toContain("nothing is told");
      const withdraws = running()
        .state("Working", "Withdrawing", "withdrawAsked")
        .freeze()
        .release(1, 1, "handed-back");
      expect(judge(withdraws, name, settings).result).toBe("fail");
    });

    it("passes when it was saved, or told why not, in this freeze or the pause that it took over", () => {
      expect(judge(leaves(running()).save(1, 1, 2).release(1, 1, "handed-back"), name, settings).result).toBe("pass");
      expect(judge(failed(leaves(running())).release(1, 1, "handed-back"), name, settings).result).toBe("pass");
      const paused = leaves(running().freeze().save(1, 1, 2).state("Working", "Paused", "paused"));
      expect(judge(paused.release(1, 1, "handed-back"), name, settings).result).toBe("pass");
    });

    it("passes a job that ends otherwise, or did not run", () => {
      expect(judge(leaves(running()).release(1, 1, "cancelled"), name, settings).result).toBe("pass");
      const started = new HistoryBuilder().start().execution(1, null, "spawning");
      expect(judge(leaves(started).release(1, 1, "handed-back"), name, settings).result).toBe("pass");
    });

    it("does not end a freeze by a pause that is called off", () => {
      const history = leaves(running().freeze().save(1, 1, 2))
        .thaw()
        .freeze(1, 1, "SIGTERM");
      expect(judge(history.release(1, 1, "handed-back"), name, settings).result).toBe("pass");
    });
  });
});
