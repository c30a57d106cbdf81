import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder, instanceId } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Call = HistoryData<"witness.agent-call">["call"];

const started = () => new HistoryBuilder().start(instanceId);
const says = (history: HistoryBuilder, call: Call, outcome = "sent", generation = 0) =>
  history.add("witness.agent-call", { agentId, instanceId, call, generation, outcome });
const asks = (history: HistoryBuilder, call: Call, outcome: string) => says(says(history, call), call, outcome);
const looks = (history: HistoryBuilder) =>
  history.add("witness.resource", { agentId, change: "made", resource: "directory:/home" });
const leaves = (history: HistoryBuilder) =>
  history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }, instanceId);
const hurt = (history: HistoryBuilder) =>
  history.add("fault.applied", { fault: "stall-agent", target: agentId, detail: "", subjects: [] });
const verdict = (history: HistoryBuilder) => judge(history, "agent-calls");

describe("agent-calls", () => {
  it("passes who asks again after waits that grow, until it is taken in", () => {
    const twice = asks(asks(started(), "enrol", "unreachable").wait(250), "enrol", "internal").wait(500);
    expect(verdict(asks(twice, "enrol", "ok"))).toMatchObject({ result: "pass", detail: "6 calls" });
    expect(verdict(started()).result).toBe("unknown");
  });

  it.each(["enrol", "paused"] as const)(
    "fails when %s is said too soon after a failure, or twice at a time",
    (call) => {
      const failed = () => asks(started(), call, "unreachable");
      expect(verdict(says(failed().wait(190), call)).detail).toContain("too soon after 1 failures");
      expect(verdict(says(failed().wait(210), call)).result).toBe("pass");
      const again = asks(failed().wait(210), call, "unreachable");
      expect(verdict(says(again.wait(390), call)).detail).toContain("too soon after 2 failures");
      expect(verdict(says(says(started(), call), call)).detail).toContain("twice at a time");
      expect(verdict(says(asks(started(), call, "malformed"), call)).result).toBe("pass");
    },
  );

  it("lets a pause be told of as soon as a checkpoint got through, and another pause at once", () => {
    const failed = () => asks(started(), "paused", "unreachable");
    const offer = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, answer: "accepted", reason: "" } as const;
    expect(verdict(says(failed().add("agent.offer", offer, instanceId), "paused")).result).toBe("pass");
    const again = failed().state("Idle", "Paused", "paused", instanceId);
    expect(verdict(says(again, "paused")).result).toBe("pass");
    const late = says(
      says(says(started(), "paused", "sent", 1).state("Idle", "Paused", "paused", instanceId), "paused", "sent", 2),
      "paused",
      "ok",
      1,
    );
    expect(verdict(says(late, "paused", "sent", 2)).detail).toContain("twice at a time");
  });

  it("fails when who was not taken in does not ask again", () => {
    const failed = () => asks(started(), "enrol", "unreachable");
    expect(verdict(looks(failed().wait(900))).detail).toContain("does not ask again");
    expect(verdict(looks(failed().wait(700))).result).toBe("pass");
    expect(verdict(looks(says(failed().wait(300), "enrol").wait(9_000))).result).toBe("pass");
    expect(verdict(looks(leaves(failed()).wait(900))).result).toBe("pass");
    expect(verdict(looks(hurt(failed()).wait(900))).result).toBe("pass");
    const withdraws = failed().state("Enrolling", "Withdrawing", "withdrawAsked", instanceId);
    expect(verdict(looks(withdraws.wait(900))).result).toBe("pass");
  });

  it("fails when who is heeded, or leaves, asks to be taken in", () => {
    const heeded = () => asks(started(), "enrol", "ok");
    expect(verdict(says(heeded(), "enrol")).detail).toContain("is heeded");
    expect(verdict(says(says(heeded(), "heartbeat", "unknown-agent"), "enrol")).result).toBe("pass");
    const fenced = heeded().add("witness.heard", { agentId, route: "withdraw", code: "fenced" });
    expect(verdict(says(fenced, "enrol")).result).toBe("pass");
    expect(verdict(says(leaves(started()), "enrol")).detail).toContain("on the way out");
    expect(verdict(says(leaves(started()), "paused")).result).toBe("fail");
    const takenOver = leaves(started()).state("Idle", "Withdrawing", "withdrawAsked", instanceId);
    expect(verdict(says(takenOver, "enrol")).result).toBe("pass");
  });

  it("fails when who takes turns with another instance does not wait, and longer each time", () => {
    const fenced = (history: HistoryBuilder) => says(asks(history, "enrol", "ok"), "heartbeat", "fenced");
    expect(verdict(says(fenced(started()).wait(190), "enrol")).detail).toContain("for the 1. time");
    const once = () => fenced(fenced(started()).wait(210));
    expect(verdict(says(once().wait(390), "enrol")).detail).toContain("for the 2. time");
    expect(verdict(says(once().wait(410), "enrol")).result).toBe("pass");
    expect(verdict(says(says(once(), "heartbeat", "unknown-agent"), "enrol")).result).toBe("pass");
    expect(verdict(says(hurt(once()), "enrol")).result).toBe("pass");
    // After a time of peace it begins anew.
    const later = (forMs: number) =>
      says(asks(fenced(started()).wait(210), "enrol", "ok").wait(forMs), "heartbeat", "fenced").wait(210);
    expect(verdict(says(later(299_000), "enrol")).detail).toContain("for the 2. time");
    expect(verdict(says(later(301_000), "enrol")).result).toBe("pass");
  });
});
