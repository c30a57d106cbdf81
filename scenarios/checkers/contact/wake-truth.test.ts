import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "wake-truth";
const settings = { heartbeatIntervalMs: 1_000, heartbeatJitterRatio: 0.2 };
const begun = () => new HistoryBuilder().start();
const woke = (history: HistoryBuilder, cause: string) => history.add("agent.woke", { cause });
const enrolled = () => woke(begun().state("Enrolling", "Idle", "enrolled"), "enrolled");
const offer = (history: HistoryBuilder) =>
  history.add("agent.offer", { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, answer: "accepted", reason: "" });
const beat = (history: HistoryBuilder, slotsFree: number) =>
  history.add("broker.heartbeat", { agentId, instanceId: "one", state: "Working", slotsFree, offers: 0 });
const verdict = (history: HistoryBuilder) => judge(history, name, settings).result;
const detail = (history: HistoryBuilder) => judge(history, name, settings).detail;

describe("wake-truth", () => {
  it("passes when each cause is true, and counts the wakes", () => {
    const paused = woke(enrolled().wait(900).state("Idle", "Paused", "paused"), "paused");
    const history = woke(woke(paused.freeze(), "resumed").wait(800), "timer");
    expect(judge(woke(offer(history), "a slot is free"), name, settings)).toMatchObject({
      result: "pass",
      detail: "5 wakes",
    });
  });

  it("fails when what is named has not happened", () => {
    expect(detail(woke(begun(), "enrolled"))).toContain("without an enrolment");
    expect(detail(woke(enrolled(), "enrolled"))).toContain("without an enrolment");
    expect(detail(woke(enrolled(), "paused"))).toContain("without a pause");
    expect(detail(woke(enrolled(), "resumed"))).toContain("without a freeze");
  });

  it("fails when the timer comes sooner than it can", () => {
    expect(detail(woke(enrolled().wait(700), "timer"))).toContain("too soon");
  });

  it("fails when more slots get free than were taken, or more leases go back than the broker takes", () => {
    expect(detail(woke(enrolled(), "a slot is free"))).toContain("more slots got free");
    expect(verdict(woke(offer(enrolled()), "a slot is free"))).toBe("pass");
    expect(detail(woke(enrolled(), "a lease was given back"))).toContain("more leases were given back");
    expect(verdict(woke(enrolled().release(1, 1, "handed-back"), "a lease was given back"))).toBe("pass");
  });

  it("fails when it wakes for work that it has no slot for, unless the slot was taken or closed meanwhile", () => {
    expect(detail(beat(woke(enrolled(), "work available"), 0))).toContain("without a slot");
    expect(verdict(beat(woke(enrolled(), "work available"), 1))).toBe("pass");
    expect(verdict(beat(woke(offer(enrolled()), "work available"), 0))).toBe("pass");
    expect(verdict(beat(woke(enrolled().freeze(), "work available"), 0))).toBe("pass");
  });
});
