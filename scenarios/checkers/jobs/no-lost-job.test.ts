import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "no-lost-job";

const submitted = () => new HistoryBuilder().job(1, null, "queued");
const leased = () => submitted().job(1, "queued", "offered").lease(1, 1).job(1, "offered", "leased");

describe("no-lost-job", () => {
  it("passes on an unbroken chain, to its end or still under way", () => {
    expect(judge(leased().lists(1), name).result).toBe("pass");
    expect(judge(leased().release(1, 1, "completed").job(1, "leased", "completed"), name).result).toBe("pass");
    expect(judge(leased().release(1, 1, "expired").job(1, "leased", "queued").lists(1), name).result).toBe("pass");
  });

  it("fails on a gap in the chain", () => {
    expect(judge(submitted().job(1, "offered", "leased"), name)).toMatchObject({
      result: "fail",
      detail: "job-1 was queued and then went from offered to leased",
      story: [expect.stringContaining("to=queued"), expect.stringContaining("to=leased")],
    });
  });

  it("fails on a job that was never submitted, and on one that is submitted twice", () => {
    expect(judge(new HistoryBuilder().job(1, "queued", "offered"), name).result).toBe("fail");
    expect(judge(submitted().job(1, null, "queued"), name).result).toBe("fail");
    expect(judge(new HistoryBuilder().lease(1, 1), name).result).toBe("fail");
  });

  it("fails on a job that is left leased by nobody", () => {
    expect(judge(leased().release(1, 1, "expired"), name).detail).toBe(
      "job-1 is leased at the end, and nobody holds it",
    );
  });

  it("lets a job that a store forgot go on from anywhere, once, or vanish", () => {
    expect(judge(leased().loseStore(1), name).result).toBe("pass");
    expect(judge(leased().loseStore(1).job(1, "queued", "offered").lease(1, 2).lists(1), name).result).toBe("pass");
    expect(judge(leased().loseStore(2).job(1, "queued", "offered"), name).result).toBe("fail");
    const twice = leased().loseStore(1).job(1, "queued", "cancelled").job(1, "queued", "offered");
    expect(judge(twice, name).result).toBe("fail");
  });

  it("cannot tell of jobs that are open and that the broker has not shown", () => {
    const two = () => leased().job(2, null, "queued");
    expect(judge(two(), name)).toMatchObject({
      result: "unknown",
      detail: "2 submitted, 0 settled, 2 open: 2 of them nobody saw on the broker's list",
    });
    expect(judge(two().lists(1, 2), name)).toMatchObject({
      result: "pass",
      detail: "2 submitted, 0 settled, 2 open and on the broker's list",
    });
    expect(judge(leased().lists(1).job(2, null, "queued"), name).detail).toContain("1 of them nobody saw");
  });

  it("takes the broker's list for what it says at the end alone: not before a step, nor before the broker died", () => {
    const which = { index: 0, step: "pause" };
    const seen = () => submitted().lists(1);
    const ends = seen().add("step.end", { ...which, outcome: "done", detail: "" }, "harness");
    const unlisted = { result: "unknown", detail: expect.stringContaining("1 of them nobody saw") };
    expect(judge(ends, name)).toMatchObject(unlisted);
    expect(judge(ends.lists(1).job(1, "queued", "offered").lease(1, 1), name).result).toBe("pass");
    expect(judge(seen().add("step.begin", { ...which, title: "" }, "harness"), name)).toMatchObject(unlisted);
    const fault = { target: "broker", detail: "", subjects: [] };
    expect(judge(seen().add("fault.applied", { fault: "kill-broker", ...fault }), name)).toMatchObject(unlisted);
    expect(judge(seen().add("fault.applied", { fault: "cut-link", ...fault }), name).result).toBe("pass");
    const restarted = seen().add("broker.started", { url: "", store: "memory", pid: 1 }, "b2");
    expect(judge(restarted, name)).toMatchObject(unlisted);
    expect(judge(seen().add("broker.stopped", { reason: "the run is over" }), name).result).toBe("pass");
  });

  it("fails on a job that is open and that the broker does not show any more", () => {
    expect(judge(leased().job(2, null, "queued").lists(1), name)).toMatchObject({
      result: "fail",
      detail: "job-2 is queued, and the broker does not show it any more",
    });
    expect(judge(leased().loseStore(1).lists(), name).result).toBe("pass");
    expect(judge(leased().release(1, 1, "completed").job(1, "leased", "completed").lists(), name).result).toBe("pass");
  });

  it("asks for every job to be settled only where the plan settles them", () => {
    expect(judge(leased(), name, { completedAll: 1 }).detail).toBe("1 jobs are not settled, job-1 is leased");
    const cancelled = leased().release(1, 1, "cancelled").job(1, "leased", "cancelled");
    expect(judge(cancelled, name, { completedAll: 1 }).result).toBe("pass");
  });
});
