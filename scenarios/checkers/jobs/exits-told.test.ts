import { describe, expect, it } from "vitest";

import type { ExitReason } from "../../../protocol/exit-reason.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const quota: ExitReason = { by: "limit", limit: "workspace", exitCode: null, detail: "job-1 held too much" };
const name = "exits-told";

function ended(told: ExitReason | undefined, to: "completed" | "failed" | "killed" = "failed") {
  const sandbox = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1 };
  const step = { ...sandbox, from: "running" as const, to, reason: "" };
  return new HistoryBuilder()
    .add("witness.job-ended", { agentId, leaseId: "lease-1-1", exit: quota })
    .add("agent.execution", told === undefined ? step : { ...step, exit: told });
}

describe("exits-told", () => {
  it("passes on the end that was seen, in whatever order it is written", () => {
    const { by, limit, exitCode, detail } = quota;
    expect(judge(ended({ detail, exitCode, limit, by }), name).result).toBe("pass");
  });

  it("fails on another end, and on none", () => {
    expect(judge(ended({ by: "signal", signal: "SIGKILL" }), name).detail).toContain("SIGKILL");
    expect(judge(ended({ ...quota, detail: "for another reason" }), name).result).toBe("fail");
    expect(judge(ended(undefined), name).detail).toContain("nothing is told");
  });

  it("does not judge what the agent stopped, nor what nobody saw", () => {
    expect(judge(ended(undefined, "killed"), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().execution(1, "running", "completed"), name).result).toBe("unknown");
  });
});
