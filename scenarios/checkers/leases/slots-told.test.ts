import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "slots-told", { slots: 2 });

const { agentId: _agentId, ...lease } = grant(1, 1);
const idle = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const beat = (history: HistoryBuilder, slotsFree: number, cause = "timer") =>
  history
    .add("agent.woke", { cause })
    .add("broker.heartbeat", { agentId, instanceId: "one", state: "Idle", slotsFree, offers: 0 });
const accepts = (history: HistoryBuilder) => history.add("agent.offer", { ...lease, answer: "accepted", reason: "" });
const wiped = (history: HistoryBuilder) =>
  history.add("agent.released", { resource: "directory:/home/agent/sandboxes/lease-1-1" });

describe("slots-told", () => {
  it("passes when every slot is told that no job takes", () => {
    expect(verdict(beat(wiped(beat(accepts(beat(idle(), 2)), 1)), 2))).toMatchObject({
      result: "pass",
      detail: "3 heartbeats",
    });
  });

  it("fails when one is told too many or too few", () => {
    expect(verdict(beat(accepts(idle()), 2)).detail).toContain("1 free slots says that 2 are free");
    expect(verdict(beat(idle(), 1)).result).toBe("fail");
    expect(verdict(beat(wiped(accepts(idle())), 1)).result).toBe("fail");
  });

  it("expects none of whoever takes no work", () => {
    expect(verdict(beat(idle().state("Idle", "Paused", "paused"), 0)).result).toBe("pass");
    expect(verdict(beat(idle().freeze(), 2)).result).toBe("fail");
    expect(verdict(beat(idle().freeze(1, 1, "periodic checkpoint"), 2)).result).toBe("pass");
    expect(verdict(beat(idle().freeze(), 2, "resumed")).result).toBe("pass");
    const again = () => beat(idle().freeze().thaw().freeze(), 0, "resumed");
    expect(verdict(again()).result).toBe("pass");
    expect(verdict(beat(again(), 2)).result).toBe("fail");
    expect(verdict(beat(again().thaw(), 2)).result).toBe("pass");
    const resumed = idle().freeze().state("Idle", "Paused", "paused").state("Paused", "Idle", "resumeAsked");
    expect(verdict(beat(resumed, 2)).result).toBe("pass");
    expect(verdict(beat(idle().add("agent.shutdown", { trigger: "", stage: "begin" }), 1)).result).toBe("fail");
  });

  it("cannot tell when an offer comes once more whose lease is over", () => {
    const done = () =>
      wiped(accepts(idle()).add("broker.leased", { ...grant(1, 1), expiresAt: 1 })).release(1, 1, "completed");
    expect(verdict(beat(done(), 1)).result).toBe("fail");
    expect(verdict(beat(accepts(done()), 1)).result).toBe("pass");
  });

  it("cannot tell for a while after an offer was taken back while it was being accepted", () => {
    const takenBack = () => accepts(idle()).release(1, 1, "declined");
    expect(verdict(beat(takenBack(), 1)).result).toBe("pass");
    const later = beat(beat(beat(takenBack(), 1), 2), 2);
    expect(verdict(beat(later, 1)).result).toBe("fail");
  });
});
