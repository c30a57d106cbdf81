import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const timing = { backoffMs: 1_000, backoffMsMax: 3_000, startAgainAfterMs: 5_000, slots: 1 };
const verdict = (history: HistoryBuilder, settings: Record<string, number> = timing) =>
  judge(history, "backoff", settings);

type How = HistoryData<"broker.released">["how"];

/** The job's lease ends so, and it is queued again, to wait for so long; 0 for not at all. */
function ends(history: HistoryBuilder, { how, waitsMs, reason = "" }: { how: How; waitsMs: number; reason?: string }) {
  history.job(1, "queued", "offered").lease(1, 1).release(1, 1, how);
  const backoff = waitsMs === 0 ? {} : { backoff: { ms: waitsMs, until: history.nowMs + waitsMs } };
  const queued = { jobId: "job-1", from: "leased", to: "queued", epoch: 1, reason, ...backoff } as const;
  return history.add("broker.job", queued);
}

const lost = (waitsMs: number, history = new HistoryBuilder()) => ends(history, { how: "agent-lost", waitsMs });
const heard = (history: HistoryBuilder, { room = 1, offers = 0 } = {}) =>
  history.add("broker.heartbeat", { agentId, state: "Idle", slotsFree: room, offers, heardAt: history.nowMs });
const fault = (history: HistoryBuilder, what: string, ...subjects: readonly string[]) =>
  history.add("fault.applied", { fault: what, target: "broker", detail: "", subjects: [...subjects] });

describe("backoff", () => {
  it.each(["agent-lost", "expired"] as const)("wants a wait after an attempt that ended by %s", (how) => {
    expect(verdict(ends(new HistoryBuilder(), { how, waitsMs: 700 }))).toMatchObject({
      result: "pass",
      detail: "1 times a job waited",
    });
    expect(verdict(ends(new HistoryBuilder(), { how, waitsMs: 0 })).detail).toContain("does not wait");
  });

  it("wants none after what donors do", () => {
    const handedBack = (waitsMs: number, reason: string) =>
      verdict(ends(new HistoryBuilder(), { how: "handed-back", waitsMs, reason: `handed back: ${reason}` }));
    expect(handedBack(700, "the owner pauses").detail).toContain("waits, and no attempt failed");
    expect(handedBack(0, "the owner pauses").result).toBe("unknown");
    for (const failure of ["the agent died while it ran", "it could not be started: no such file"]) {
      expect(handedBack(700, failure).result).toBe("pass");
      expect(handedBack(0, failure).detail).toContain("does not wait");
    }
    for (const how of ["declined", "offer-lapsed", "revoked"] as const)
      expect(verdict(ends(new HistoryBuilder(), { how, waitsMs: 700 })).result).toBe("fail");
  });

  it("wants it to be as long as its attempts say", () => {
    for (const [waitsMs, result] of [
      [499, "fail"],
      [500, "pass"],
      [1_000, "pass"],
      [1_001, "fail"],
    ] as const)
      expect(verdict(lost(waitsMs)).result).toBe(result);
    const again = (waitsMs: number) => verdict(lost(waitsMs, lost(1_000).wait(1_000)));
    expect(again(999).result).toBe("fail");
    expect(again(2_000).result).toBe("pass");
    const third = (waitsMs: number) => verdict(lost(waitsMs, lost(2_000, lost(1_000).wait(1_000)).wait(2_000)));
    expect(third(3_000).result).toBe("pass");
    expect(third(3_001).result).toBe("fail");
  });

  it("knows no size where it is told no times", () => {
    expect(verdict(lost(77_777), {}).result).toBe("pass");
    expect(verdict(lost(0), {}).result).toBe("fail");
  });

  it("wants nobody to be offered it before", () => {
    const offered = (afterMs: number) => verdict(lost(700).wait(afterMs).job(1, "queued", "offered"));
    expect(offered(690).detail).toContain("before it has waited");
    expect(offered(700).result).toBe("pass");
  });

  it("wants the same over a start of the broker", () => {
    const started = (history: HistoryBuilder) => history.add("broker.started", { url: "", store: "", pid: 1 });
    const restarted = (afterMs: number) => verdict(started(lost(700)).wait(afterMs).job(1, "queued", "offered"));
    expect(restarted(600).detail).toContain("before it has waited");
    expect(restarted(700).result).toBe("pass");
  });

  it("knows that a clock which was set back cuts a wait to the longest that there is", () => {
    const back = () => {
      const history = new HistoryBuilder().wait(100_000);
      return lost(700, history).wait(-50_000).add("broker.started", { url: "", store: "", pid: 1 });
    };
    const offered = (afterMs: number) => verdict(back().wait(afterMs).job(1, "queued", "offered"));
    expect(offered(1_900).detail).toContain("before it has waited");
    expect(offered(3_000).result).toBe("pass");
    expect(verdict(heard(back().wait(2_900))).result).toBe("pass");
    expect(verdict(heard(back().wait(3_100))).detail).toContain("and is not offered");
  });

  it("wants the next agent with room to be offered it then", () => {
    expect(verdict(heard(lost(700).wait(600))).result).toBe("pass");
    expect(verdict(heard(lost(700).wait(800))).detail).toContain("and is not offered");
    expect(verdict(heard(lost(700).wait(800), { room: 0 })).result).toBe("pass");
    expect(verdict(heard(lost(700).wait(800), { offers: 1 })).result).toBe("pass");
    expect(verdict(heard(lost(700).wait(800), { offers: 1, room: 2 })).result).toBe("fail");
    expect(verdict(heard(lost(700).job(1, "queued", "cancelled").wait(800))).result).toBe("pass");
    const busy = lost(700)
      .add("broker.offered", { ...grant(2, 1), expiresAt: 1 })
      .wait(800);
    expect(verdict(heard(busy)).result).toBe("pass");
    expect(verdict(heard(busy.release(2, 1, "completed"))).result).toBe("fail");
  });

  it("excuses a broker that is drained, until another one is up", () => {
    const drained = () => lost(700).add("broker.drained", { reason: "maintenance" }).wait(800);
    expect(verdict(heard(drained())).result).toBe("pass");
    const { agentId: lender, ...beat } = { agentId, state: "Idle", slotsFree: 1, offers: 0, heardAt: 9_000 } as const;
    const again = drained()
      .wait(2_000)
      .add("broker.heartbeat", { agentId: lender, ...beat }, "another");
    expect(verdict(again).detail).toContain("and is not offered");
  });

  it("excuses an agent that could not start it just now", () => {
    const failed = () => {
      const reason = "handed back: it could not be started: no such file";
      return ends(new HistoryBuilder(), { how: "handed-back", waitsMs: 700, reason });
    };
    expect(verdict(heard(failed().wait(4_000))).result).toBe("pass");
    expect(verdict(heard(failed().wait(6_000))).result).toBe("fail");
  });

  it("says nothing of what the log does not know any more", () => {
    const forgotten = (what: string) => heard(fault(lost(700), what, "job-1", agentId).wait(800));
    expect(verdict(forgotten("lose-store")).result).toBe("pass");
    expect(verdict(forgotten("lose-history")).result).toBe("pass");
    expect(verdict(forgotten("kill-broker")).result).toBe("fail");
    const again = (waitsMs: number) => verdict(lost(waitsMs, fault(lost(700), "lose-history", "job-1")));
    expect(again(3_000).result).toBe("pass");
    expect(again(3_001).result).toBe("fail");
  });
});
