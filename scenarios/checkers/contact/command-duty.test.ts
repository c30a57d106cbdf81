import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "command-duty";
const beat = { agentId, state: "Idle", slotsFree: 1, offers: 0 } as const;
const connected = () =>
  new HistoryBuilder()
    .start()
    .add("broker.enrolled", { agentId, instanceId: "one", again: false })
    .state("Enrolling", "Idle", "enrolled")
    .wait(500);
const told = (history: HistoryBuilder, command: "pause" | "resume" | "goodbye") =>
  history.add("witness.command", { agentId, by: "broker", command, reason: "" });
/** Time goes by, and the broker is heard of. */
const later = (history: HistoryBuilder) => history.wait(200).add("broker.heartbeat", beat);
const shutsDown = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "goodbye", stage: "begin" });
const paused = () => connected().state("Idle", "Paused", "paused");
const verdict = (history: HistoryBuilder) => judge(history, name).result;

describe("command-duty", () => {
  it("passes when each word has its effect, and counts them", () => {
    const history = told(connected(), "pause").freeze().state("Idle", "Paused", "paused").wait(100);
    const all = shutsDown(told(told(history, "resume").thaw().state("Paused", "Idle", "resumeAsked"), "goodbye"));
    expect(judge(later(all), name)).toMatchObject({ result: "pass", detail: "3 words" });
  });

  it("fails when one has none", () => {
    expect(judge(later(told(connected(), "pause")), name).detail).toContain("a pause had no effect in time");
    expect(judge(later(told(paused(), "resume")), name).detail).toContain("a resume had no effect in time");
    expect(judge(later(told(connected(), "goodbye")), name).detail).toContain("a goodbye had no effect in time");
  });

  it("passes when it was refused by name", () => {
    const refusal = { state: "Paused", event: "resumeAsked", reason: "the owner paused it" } as const;
    expect(verdict(later(told(paused(), "resume").add("agent.refused", refusal)))).toBe("pass");
  });

  it("fails when a cancelled job runs on", () => {
    const cancelled = () => connected().lease(1, 1).execution(1, "spawning", "running").release(1, 1, "cancelled");
    expect(judge(later(cancelled()), name).detail).toContain("a stop had no effect in time");
    expect(verdict(later(cancelled().execution(1, "running", "killing")))).toBe("pass");
  });

  it("fails when a job is started that was cancelled before it ran", () => {
    const cancelled = () => connected().lease(1, 1).release(1, 1, "cancelled");
    expect(judge(later(cancelled()).execution(1, null, "spawning"), name).detail).toContain("what was cancelled");
    // Nobody has heard of it yet.
    expect(verdict(cancelled().execution(1, null, "spawning"))).not.toBe("fail");
    expect(verdict(later(cancelled()))).not.toBe("fail");
  });

  it("has nothing to say of who may not be connected, is told to end besides, or has ended", () => {
    const enrolling = new HistoryBuilder().start();
    expect(verdict(later(told(enrolling, "pause")))).toBe("unknown");
    const signalled = told(connected(), "pause").add("witness.signal", { agentId, signal: "SIGTERM" });
    expect(verdict(later(signalled))).toBe("unknown");
    const gone = connected().add("witness.exit", { agentId, how: "withdrawn" });
    expect(verdict(later(told(gone, "goodbye")))).toBe("unknown");
  });
});
