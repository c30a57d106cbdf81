import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const runs = () => new HistoryBuilder().lease(1, 1).execution(1, null, "spawning").execution(1, "spawning", "running");
const verdict = (history: HistoryBuilder, leasesMin = 1) => judge(history, "ended-in-lease", { leasesMin });

describe("ended-in-lease", () => {
  it("passes when the processes are gone before the lease is over", () => {
    const ended = runs()
      .execution(1, "running", "killing")
      .execution(1, "killing", "killed")
      .wait(600)
      .release(1, 1, "agent-lost");
    expect(verdict(ended)).toMatchObject({
      result: "pass",
      detail: "1 leases were over, and 1 jobs had been ended before, by their clocks with 601 ms to spare at the least",
    });
  });

  it("fails when the job runs on, or its end has only begun", () => {
    expect(verdict(runs().release(1, 1, "expired")).detail).toContain("its job is running still");
    const late = runs()
      .execution(1, "running", "killing")
      .release(1, 1, "agent-lost")
      .execution(1, "killing", "killed");
    expect(verdict(late).detail).toContain("its job is killing still");
  });

  it("fails when a job starts under a lease that is over", () => {
    const started = new HistoryBuilder().lease(1, 1).release(1, 1, "expired").execution(1, null, "spawning");
    expect(verdict(started).detail).toContain("came to be spawning");
  });

  it("knows nothing of leases that end otherwise, and proves nothing by a job that ended by itself", () => {
    expect(verdict(runs().release(1, 1, "handed-back")).result).toBe("unknown");
    const itself = runs().execution(1, "running", "completed").release(1, 1, "expired");
    expect(verdict(itself).result).toBe("unknown");
  });
});
