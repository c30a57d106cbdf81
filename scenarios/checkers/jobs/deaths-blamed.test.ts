import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "deaths-blamed");

const working = () => new HistoryBuilder().start().lease(1, 1).execution(1, null, "spawning");
const dies = (history: HistoryBuilder) => history.start("two");
const goesDown = (history: HistoryBuilder) =>
  history.add("fault.applied", { fault: "crash-host", target: agentId, detail: "", subjects: [] });
/** Somebody gives it back, and blames the job. */
const blames = (history: HistoryBuilder) =>
  history.release(1, 1, "handed-back").add("broker.job", {
    ...{ jobId: "job-1", from: "leased", to: "queued", epoch: 1 },
    reason: "handed back: the agent died while it ran",
  });

describe("deaths-blamed", () => {
  it("passes when the agent died while the job ran, or was just being spawned", () => {
    expect(verdict(blames(dies(working())))).toMatchObject({ result: "pass", detail: "1 times a job was blamed" });
    expect(verdict(blames(dies(working().execution(1, "spawning", "running")))).result).toBe("pass");
  });

  it("fails when nobody died, or the job had ended", () => {
    expect(verdict(blames(working())).detail).toContain("no agent died while it ran");
    expect(verdict(blames(dies(working().execution(1, "running", "completed")))).result).toBe("fail");
  });

  it("fails when the agent was paused, and passes when that was over", () => {
    const paused = () => working().execution(1, "spawning", "running").state("Working", "Paused", "paused");
    expect(verdict(blames(dies(paused()))).detail).toContain("was paused");
    expect(verdict(blames(dies(paused().state("Paused", "Working", "resumeAsked")))).result).toBe("pass");
  });

  it("fails when the agent was on its way out", () => {
    const leaving = working().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
    expect(verdict(blames(dies(leaving))).detail).toContain("on its way out");
  });

  it("fails when the whole host went down, with the agent or after it", () => {
    expect(verdict(blames(dies(goesDown(working())))).result).toBe("fail");
    expect(verdict(blames(goesDown(dies(working())))).detail).toContain("went down with its host");
  });

  it("passes when that was said before the host went down, and arrives after it", () => {
    const call = { agentId, instanceId: agentId, leaseId: "lease-1-1", call: "return" } as const;
    const says = (history: HistoryBuilder) => history.add("witness.lease-call", { ...call, outcome: "sent" });
    expect(verdict(blames(goesDown(says(dies(working()))))).result).toBe("pass");
    expect(verdict(blames(says(goesDown(dies(working()))))).result).toBe("fail");
  });

  it("is unknown when no job was blamed", () => {
    expect(verdict(dies(working()).release(1, 1, "handed-back")).result).toBe("unknown");
  });
});
