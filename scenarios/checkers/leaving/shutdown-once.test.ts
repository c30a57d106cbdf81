import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "shutdown-once";
type Stage = "begin" | "end";

const shutdown = (...stages: readonly Stage[]) => {
  const history = new HistoryBuilder().start();
  for (const stage of stages) history.add("agent.shutdown", { trigger: "SIGTERM", stage });
  return history;
};

describe("shutdown-once", () => {
  it("passes on one beginning and one end, and on what was under way being told to its end", () => {
    expect(judge(shutdown("begin", "end"), name).result).toBe("pass");
    const closing = shutdown("begin", "end").execution(1, "killing", "killed").thaw();
    expect(judge(closing.add("agent.released", { resource: "socket:/s" }), name).result).toBe("pass");
  });

  it.each([
    ["two beginnings", ["begin", "begin"]],
    ["two ends", ["begin", "end", "end"]],
    ["an end without a beginning", ["end"]],
    ["a beginning after the end", ["begin", "end", "begin"]],
  ] as const)("fails on %s", (_, stages) => {
    expect(judge(shutdown(...stages), name).result).toBe("fail");
  });

  it("counts each instance on its own", () => {
    const history = shutdown("begin", "end").start("two");
    history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }, "two");
    history.add("agent.shutdown", { trigger: "SIGTERM", stage: "end" }, "two");
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "2 ends" });
  });

  it("fails on a second report of one instance, and passes on a withdrawal that overtook a shutdown", () => {
    expect(judge(shutdown().withdrawal(), name).result).toBe("pass");
    expect(judge(shutdown().withdrawal().withdrawal(), name).result).toBe("fail");
    expect(judge(shutdown("begin").withdrawal(), name).result).toBe("pass");
    const after = shutdown().withdrawal().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
    expect(judge(after, name).detail).toContain("had ended began to shut down");
  });

  it("fails on anything that is begun after the end", () => {
    const { jobId, leaseId, epoch } = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1 };
    const offer = { jobId, leaseId, epoch, reason: "" };
    const ended = () => shutdown("begin", "end");
    expect(judge(ended().execution(1, null, "spawning"), name).detail).toContain("started a job");
    expect(judge(ended().add("agent.offer", { ...offer, answer: "accepted" }), name).result).toBe("fail");
    expect(judge(ended().add("agent.offer", { ...offer, answer: "declined" }), name).result).toBe("pass");
    expect(judge(shutdown().withdrawal().freeze(), name).result).toBe("fail");
    expect(judge(ended().start(), name).result).toBe("fail");
  });
});
