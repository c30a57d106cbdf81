import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "work-state");

const idle = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const working = () => idle().execution(1, "spawning", "running").state("Idle", "Working", "workStarted");
const says = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });

describe("work-state", () => {
  it("passes while it is so", () => {
    expect(verdict(says(idle()))).toMatchObject({ result: "pass", detail: "1 looks" });
    const ended = says(working()).execution(1, "running", "completed").state("Working", "Idle", "workEnded");
    expect(verdict(says(ended)).result).toBe("pass");
    expect(verdict(says(working().execution(1, "running", "killing"))).result).toBe("pass");
  });

  it("fails when work is not told, or told when there is none", () => {
    expect(verdict(says(idle().execution(1, "spawning", "running"))).detail).toContain(
      "1 sandboxes says that it is Idle",
    );
    expect(verdict(says(working().execution(1, "running", "failed"))).detail).toContain("says that it is Working");
  });

  it("asks nothing of whoever is paused", () => {
    expect(verdict(says(working().state("Working", "Paused", "paused"))).result).toBe("unknown");
  });
});
