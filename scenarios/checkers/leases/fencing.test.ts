import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "fencing";

describe("fencing", () => {
  it.each(["completed", "failed", "handed-back"] as const)("passes on the live lease's own end: %s", (how) => {
    expect(judge(new HistoryBuilder().lease(1, 1).release(1, 1, how), name).result).toBe("pass");
  });

  it("fails on a result under an old epoch", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "expired").lease(1, 2).release(1, 1, "completed");
    const judgement = judge(history, name);
    expect(judgement.detail).toContain("under lease-1-1 of epoch 1 while lease-1-2 of epoch 2 was live");
    expect(judgement.story).toHaveLength(3);
  });

  it("fails on one under a lease that ended, though nobody has the job", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "expired").release(1, 1, "handed-back");
    expect(judge(history, name)).toMatchObject({ result: "fail", detail: expect.stringContaining("nothing was") });
  });

  it("fails on one by another agent, or with another epoch", () => {
    const by = (extra: object) =>
      judge(new HistoryBuilder().lease(1, 1).release(1, 1, "completed", extra), name).result;
    expect(by({ agentId: "f".repeat(64) })).toBe("fail");
    expect(by({ epoch: 2 })).toBe("fail");
    expect(by({})).toBe("pass");
  });

  it("fails on one under an offer that nobody accepted", () => {
    const offered = () => new HistoryBuilder().add("broker.offered", { ...grant(1, 1), expiresAt: 1 });
    expect(judge(offered().release(1, 1, "completed"), name).detail).toContain("nobody accepted");
    expect(judge(offered().release(1, 1, "offer-lapsed"), name).result).toBe("unknown");
  });

  it("fails when an offer expires, or a lease lapses", () => {
    const offered = () => new HistoryBuilder().add("broker.offered", { ...grant(1, 1), expiresAt: 1 });
    const leased = () => new HistoryBuilder().lease(1, 1);
    expect(judge(offered().release(1, 1, "agent-lost"), name).detail).toContain("was not accepted, and is agent-lost");
    expect(judge(leased().release(1, 1, "declined"), name).detail).toContain("was accepted, and is declined");
    for (const how of ["expired", "agent-lost", "revoked"] as const) {
      expect(judge(leased().release(1, 1, how), name).result).not.toBe("fail");
    }
    for (const how of ["declined", "offer-lapsed", "revoked"] as const) {
      expect(judge(offered().release(1, 1, how), name).result).not.toBe("fail");
    }
  });

  it("fails on an acceptance of what is not offered", () => {
    const history = new HistoryBuilder().lease(1, 2).add("broker.leased", { ...grant(1, 1), expiresAt: 1 });
    expect(judge(history, name).result).toBe("fail");
  });

  it("fails when a killed execution is recorded as completed", () => {
    const ran = () =>
      new HistoryBuilder().lease(1, 1).execution(1, null, "spawning").execution(1, "spawning", "running");
    expect(judge(ran().execution(1, "running", "killing").release(1, 1, "completed"), name).result).toBe("fail");
    expect(judge(ran().execution(1, "running", "failed").release(1, 1, "completed"), name).result).toBe("fail");
    expect(judge(ran().execution(1, "running", "completed").release(1, 1, "completed"), name).result).toBe("pass");
    expect(judge(ran().execution(1, "running", "killing").release(1, 1, "handed-back"), name).result).toBe("pass");
  });

  it("excuses one grant of a job that a store took back to it, and nothing after the next offer", () => {
    const takenBack = () => new HistoryBuilder().lease(1, 1).release(1, 1, "expired").loseStore(1);
    expect(judge(takenBack().release(1, 1, "completed"), name).result).toBe("pass");
    expect(judge(takenBack().release(1, 1, "handed-back").release(1, 1, "completed"), name).result).toBe("fail");
    expect(judge(takenBack().lease(1, 2).release(1, 1, "completed"), name).result).toBe("fail");
    const untold = new HistoryBuilder().loseStore(1).add("broker.leased", { ...grant(1, 1), expiresAt: 1 });
    expect(judge(untold.release(1, 1, "completed"), name).result).toBe("pass");
  });
});
