import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "offers-answered", { latencyMsMax: 10 });

const offered = () => new HistoryBuilder().start().add("broker.offered", { ...grant(1, 1), expiresAt: 9_000 });
const beat = (history: HistoryBuilder) =>
  history.add("broker.heartbeat", { agentId, state: "Idle", slotsFree: 1, offers: 0 });
const accepted = () => {
  const { agentId: _agentId, ...lease } = grant(1, 1);
  return offered().add("agent.offer", { ...lease, answer: "accepted", reason: "" });
};
const leased = (history: HistoryBuilder) => history.add("broker.leased", { ...grant(1, 1), expiresAt: 9_000 });
const wakes = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });

describe("offers-answered", () => {
  it("passes when an offer is accepted and started at once", () => {
    const history = leased(accepted()).execution(1, null, "spawning").wait(2_000);
    expect(verdict(wakes(beat(history)))).toMatchObject({ result: "pass", detail: "1 offers became leases" });
  });

  it("fails when an offer is not answered, or lapses", () => {
    expect(verdict(beat(offered().wait(500))).detail).toContain("is not answered");
    expect(verdict(offered().release(1, 1, "offer-lapsed")).detail).toContain("lapsed unanswered");
  });

  it("lets an offer go that was taken back or whose agent leaves", () => {
    expect(verdict(beat(offered().release(1, 1, "declined").wait(500))).result).toBe("unknown");
    const leaving = offered().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }).wait(500);
    expect(verdict(beat(leaving)).result).toBe("unknown");
  });

  it("fails when what was accepted is not started", () => {
    expect(verdict(wakes(leased(accepted()).wait(500))).detail).toContain("is not started");
  });

  it("waits for the end of a freeze, and not for a job that was taken back", () => {
    const frozen = leased(accepted()).freeze().wait(500);
    expect(verdict(wakes(frozen)).result).toBe("pass");
    expect(verdict(wakes(frozen.thaw())).result).toBe("pass");
    expect(verdict(wakes(frozen.wait(500))).detail).toContain("is not started");
    expect(verdict(wakes(leased(accepted()).release(1, 1, "cancelled").wait(500))).result).toBe("pass");
  });
});
