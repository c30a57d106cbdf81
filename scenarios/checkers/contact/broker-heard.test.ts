import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "broker-heard";
const heard = (reachable = true) => new HistoryBuilder().start().add("agent.broker", { reachable, detail: "" });
const enrol = (history: HistoryBuilder) => history.state("Enrolling", "Idle", "enrolled");

describe("broker-heard", () => {
  it("passes on an agent that hears the broker and enrols", () => {
    expect(judge(enrol(heard()), name)).toMatchObject({ result: "pass", detail: "1 enrolments" });
  });

  it("fails on one that enrols and never said that the broker answers", () => {
    expect(judge(enrol(new HistoryBuilder().start()), name).result).toBe("fail");
    const before = heard().start("two").state("Enrolling", "Idle", "enrolled", "two");
    expect(judge(before, name).result).toBe("fail");
  });

  it("fails on one that says that the broker does not answer", () => {
    expect(judge(heard(false), name).detail).toMatch(/nothing breaks/);
    expect(judge(heard(false), name, { latencyMsMax: 60_000 }).result).toBe("unknown");
  });
});
