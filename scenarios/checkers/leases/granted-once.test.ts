import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const grant = (history: HistoryBuilder, jobId: string, epoch: number) =>
  history.add("broker.leased", {
    ...{ jobId, leaseId: `lease-${jobId}-${epoch}`, epoch, agentId: "a".repeat(64) },
    expiresAt: 10_000,
  });

describe("granted-once", () => {
  it("passes when every job was granted once", () => {
    const history = grant(grant(new HistoryBuilder(), "job-1", 1), "job-2", 1);
    expect(judge(history, "granted-once")).toMatchObject({ result: "pass", detail: "2 jobs granted" });
  });

  it("fails when one was granted again", () => {
    const history = grant(grant(new HistoryBuilder(), "job-1", 1), "job-1", 2);
    expect(judge(history, "granted-once")).toMatchObject({ result: "fail", detail: "job-1 was granted twice" });
  });

  it("wants exactly as many granted again as lose their holder", () => {
    const once = grant(grant(new HistoryBuilder(), "job-1", 1), "job-2", 1);
    expect(judge(once, "granted-once", { again: 1 }).result).toBe("unknown");
    expect(judge(grant(once, "job-1", 2), "granted-once", { again: 1 }).detail).toBe("2 jobs granted, 1 of them twice");
    expect(judge(grant(once, "job-1", 3), "granted-once", { again: 2 }).detail).toBe("job-1 was granted once more");
    expect(judge(grant(once, "job-2", 2), "granted-once", { again: 1 }).result).toBe("fail");
  });

  it("cannot tell when nothing was", () => {
    expect(judge(new HistoryBuilder(), "granted-once").result).toBe("unknown");
  });
});
