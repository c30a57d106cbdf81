import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "grants-expire", { leaseTtlMs: 5_000, offerTtlMs: 2_000 });

const offered = () => new HistoryBuilder().add("broker.offered", { ...grant(1, 1), expiresAt: 3_000 });
const leased = () => new HistoryBuilder().add("broker.leased", { ...grant(1, 1), expiresAt: 6_000 });
const beat = (history: HistoryBuilder, who = agentId) =>
  history.add("broker.heartbeat", { agentId: who, state: "Idle", slotsFree: 1, offers: 0 });
const other = "b".repeat(64);
const fault = (history: HistoryBuilder, name: string) =>
  history.add("fault.applied", { fault: name, target: "broker", detail: "", subjects: [] });
const undone = (history: HistoryBuilder, name: string) =>
  history.add("fault.undone", { fault: name, target: "broker" });

describe("grants-expire", () => {
  it("passes when a grant ends at its time", () => {
    expect(verdict(offered().wait(2_000).release(1, 1, "offer-lapsed"))).toMatchObject({
      result: "pass",
      detail: "1 grants ended",
    });
    expect(verdict(leased().wait(5_000).release(1, 1, "expired")).result).toBe("pass");
  });

  it("fails when it ends by the time before that", () => {
    expect(verdict(offered().wait(1_000).release(1, 1, "offer-lapsed")).detail).toContain("before its time was over");
    expect(verdict(leased().wait(4_000).release(1, 1, "expired")).result).toBe("fail");
    expect(verdict(leased().wait(4_000).release(1, 1, "handed-back")).result).toBe("pass");
  });

  it("fails when it does not end, or late", () => {
    expect(verdict(beat(offered().wait(3_500), other)).detail).toContain("is not taken back");
    expect(verdict(leased().wait(6_500).release(1, 1, "expired")).detail).toContain("is not taken back");
  });

  it("counts a lease anew from a heartbeat of its holder, and of nobody else, and never an offer", () => {
    expect(verdict(beat(beat(leased().wait(4_000)).wait(4_000), other)).result).toBe("unknown");
    expect(verdict(beat(beat(leased().wait(4_000), other).wait(4_000), other)).result).toBe("fail");
    expect(verdict(beat(beat(offered().wait(1_500)).wait(1_600))).result).toBe("fail");
  });

  it("does not count while the broker stands still, and gives everybody the whole time after it", () => {
    expect(verdict(beat(fault(leased(), "stall-store").wait(9_000), other)).result).toBe("unknown");
    const goesOn = beat(undone(fault(leased(), "stall-broker").wait(9_000), "stall-broker"), other);
    expect(verdict(beat(goesOn.wait(5_500), other)).result).toBe("unknown");
    expect(verdict(beat(goesOn.wait(1_000), other)).result).toBe("fail");
    const stopped = leased().add("broker.stopped", { reason: "" }).wait(9_000);
    expect(verdict(beat(stopped.add("broker.started", { url: "", store: "", pid: 1 }), other)).result).toBe("unknown");
  });

  it("counts the whole time from a start of the broker, by whatever clock that goes", () => {
    const started = (at: number) => {
      const history = leased().add("broker.stopped", { reason: "" });
      return history.wait(at - history.nowMs).add("broker.started", { url: "", store: "", pid: 1 });
    };
    expect(verdict(started(500).wait(5_000).release(1, 1, "expired")).result).toBe("pass");
    expect(verdict(started(90_000).wait(5_000).release(1, 1, "expired")).result).toBe("pass");
    expect(verdict(started(90_000).wait(3_000).release(1, 1, "expired")).detail).toContain("before its time was over");
  });

  it("lets an offer of before a start lapse with it", () => {
    const started = offered()
      .add("broker.stopped", { reason: "" })
      .add("broker.started", { url: "", store: "", pid: 1 });
    expect(verdict(started.release(1, 1, "offer-lapsed")).result).toBe("pass");
  });

  it("forgets what nobody lived to tell", () => {
    expect(verdict(beat(fault(leased(), "lose-history").wait(9_000), other)).result).toBe("unknown");
  });
});
