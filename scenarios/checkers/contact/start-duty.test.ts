import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "start-duty";
const enrolledAs = (history: HistoryBuilder, instanceId = "one") =>
  history.add("broker.enrolled", { agentId, instanceId, again: false });
const joined = (history: HistoryBuilder, source = "one") =>
  enrolledAs(history, source).state("Enrolling", "Idle", "enrolled", source);
const processes = (history: HistoryBuilder, change: "made" | "gone") =>
  history.add("witness.resource", { agentId, change, resource: "processes:lease-1-1" });
const paused = () => joined(new HistoryBuilder().start()).state("Idle", "Paused", "paused");
const woke = (history: HistoryBuilder, cause: string) => history.add("agent.woke", { cause }, "two");

describe("start-duty", () => {
  it("passes when a start enrols at once, and counts it", () => {
    expect(judge(joined(new HistoryBuilder().start().wait(250)), name)).toMatchObject({
      result: "pass",
      detail: "1 starts",
    });
  });

  it("fails when it takes longer than the way there and back", () => {
    expect(judge(joined(new HistoryBuilder().start().wait(400)), name).detail).toContain("to enrol, and ought to have");
    expect(judge(joined(new HistoryBuilder().start().wait(400)), name, { latencyMsMax: 200 }).result).toBe("pass");
  });

  it("gives it time to end what an earlier instance left running", () => {
    const strays = joined(processes(new HistoryBuilder(), "made").start().wait(9_000));
    expect(judge(strays, name).result).toBe("pass");
    const none = processes(processes(new HistoryBuilder(), "made"), "gone").start().wait(9_000);
    expect(judge(joined(none), name).result).toBe("fail");
  });

  it("fails when one instance enrols twice", () => {
    expect(judge(enrolledAs(joined(new HistoryBuilder().start())), name).detail).toContain("enrolled twice");
    expect(judge(joined(joined(new HistoryBuilder().start()).start("two"), "two"), name).result).toBe("pass");
  });

  it("fails when an agent that was paused comes back at work, and not when it was let go meanwhile", () => {
    expect(judge(woke(joined(paused().start("two"), "two"), "enrolled"), name).detail).toContain("came back at work");
    const kept = joined(paused().start("two"), "two").state("Idle", "Paused", "paused", "two");
    expect(judge(woke(kept, "paused"), name).result).toBe("pass");
    const letGo = paused().start("two").add("agent.thawed", { trigger: "", sandboxes: 0 }, "two");
    expect(judge(woke(joined(letGo, "two"), "enrolled"), name).result).toBe("pass");
    const resumed = paused().state("Paused", "Idle", "resumeAsked").start("two");
    expect(judge(woke(joined(resumed, "two"), "enrolled"), name).result).toBe("pass");
  });
});
