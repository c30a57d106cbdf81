import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "unstartable-declined");

const idle = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const answers = (history: HistoryBuilder, answer: "accepted" | "declined", epoch = 1) => {
  const { agentId: _agentId, ...lease } = grant(1, epoch);
  return history.add("agent.offer", { ...lease, answer, reason: "" });
};
const failed = () => idle().execution(1, "spawning", "failed");

describe("unstartable-declined", () => {
  it("passes when it is declined for a while and then accepted", () => {
    const history = answers(answers(failed(), "declined").wait(60_100), "accepted", 2);
    expect(verdict(history)).toMatchObject({ result: "pass", detail: "2 offers were answered" });
  });

  it("fails when it is tried again at once, or declined for too long", () => {
    expect(verdict(answers(failed(), "accepted")).detail).toContain("could not be started just now");
    expect(verdict(answers(failed().wait(60_100), "declined")).detail).toContain("no reason");
  });

  it("fails when anything else is declined while work is taken in", () => {
    expect(verdict(answers(idle(), "declined")).detail).toContain("no reason");
    expect(verdict(answers(idle().freeze(1, 1, "periodic checkpoint"), "declined")).result).toBe("fail");
  });

  it("lets a repeat of an offer have the same answer, and no other", () => {
    const declined = () => answers(failed(), "declined").wait(60_100);
    expect(verdict(answers(declined(), "declined")).result).toBe("pass");
    expect(verdict(answers(declined(), "accepted")).detail).toContain("that was declined");
  });

  it("expects it where no work is taken in, and fails when it is taken all the same", () => {
    expect(verdict(answers(idle().freeze(), "declined")).result).toBe("pass");
    expect(verdict(answers(idle().state("Idle", "Paused", "paused"), "declined")).result).toBe("pass");
    expect(verdict(answers(idle().freeze(), "accepted")).detail).toContain("no work is taken in");
    const left = idle().add("agent.shutdown", { trigger: "", stage: "begin" });
    expect(verdict(answers(left, "accepted")).result).toBe("fail");
    const working = () => idle().state("Idle", "Working", "workStarted");
    const leaves = working().add("agent.shutdown", { trigger: "", stage: "begin" }).freeze();
    expect(verdict(answers(leaves.state("Working", "Idle", "workEnded"), "declined")).result).toBe("pass");
    const pausing = () => working().freeze().state("Working", "Idle", "workEnded");
    expect(verdict(answers(pausing(), "declined")).result).toBe("pass");
    expect(verdict(answers(pausing(), "accepted")).result).toBe("fail");
    const paused = pausing().state("Idle", "Paused", "paused").state("Paused", "Idle", "resumeAsked");
    expect(verdict(answers(paused, "declined")).detail).toContain("no reason");
    const resumed = idle().freeze().add("agent.thawed", { trigger: "", sandboxes: 0 });
    expect(verdict(answers(resumed, "accepted")).result).toBe("pass");
  });
});
