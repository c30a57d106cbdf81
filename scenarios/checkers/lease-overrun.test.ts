import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../testing/history-builder.ts";
import { judge } from "../testing/judge.ts";

const name = "lease-overrun";

/** Leases that ended by the time, one after the other, each with so many processes that ran on. */
const over = (...running: readonly number[]) => {
  const history = new HistoryBuilder();
  for (const [job, count] of running.entries()) {
    history.add("witness.lease-over", { agentId, jobId: `job-${job}`, leaseId: `lease-${job}-1`, running: count });
  }
  return history;
};

describe("lease-overrun", () => {
  it("passes where every job had been stopped by then, and says how many leases it saw", () => {
    expect(judge(over(0, 0), name)).toMatchObject({ result: "pass", detail: expect.stringContaining("2 leases") });
  });

  it("fails on a single process that ran on, and names the lease", () => {
    expect(judge(over(0, 1, 0), name)).toMatchObject({
      result: "fail",
      detail: "1 processes ran on after lease-1-1 was over",
    });
  });

  it("has nothing to say where leases ended in other ways, or nobody looked at the host", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "completed").lease(2, 1).release(2, 1, "expired");
    expect(judge(history, name).result).toBe("unknown");
  });
});
