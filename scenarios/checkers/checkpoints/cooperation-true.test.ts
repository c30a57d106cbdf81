import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "cooperation-true";
const lease = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1 };
const periodic = "periodic checkpoint";

class Story extends HistoryBuilder {
  told(stage: HistoryData<"agent.cooperation">["stage"], leaseId = lease.leaseId): this {
    return this.add("agent.cooperation", { ...lease, leaseId, trigger: periodic, stage, waitedMs: 0 });
  }

  wrote(leaseId = lease.leaseId): this {
    return this.add("witness.cooperated", { agentId, leaseId, afterMs: 1 });
  }

  saved(cooperative: boolean): this {
    const checkpoint = checkpointAt(1);
    return this.add("agent.checkpoint", { ...lease, checkpoint, trigger: periodic, durationMs: 1, cooperative });
  }
}

const running = (): Story => new Story().start().execution(1, null, "spawning").execution(1, "spawning", "running");
const detail = (history: HistoryBuilder): string => judge(history, name).detail;

describe("cooperation-true", () => {
  it("passes on a job that is asked, writes its file, and has a checkpoint that says so", () => {
    const good = running().told("asked").wrote().told("ready").freeze().saved(true).thaw();
    expect(judge(good, name).result).toBe("pass");
    expect(judge(good.told("asked").told("given-up").freeze().saved(false), name).result).toBe("pass");
  });

  it("fails on one that counts as ready and has not written, or not since it was asked", () => {
    const elsewhere = running().wrote("lease-2-1");
    expect(detail(elsewhere.told("asked").told("ready"))).toContain("has not written its file");
    expect(detail(running().wrote().told("asked").told("ready"))).toContain("has not written its file");
  });

  it("believes it where nobody sees what jobs write", () => {
    expect(judge(running().told("asked").told("ready"), name).result).toBe("pass");
  });

  it("fails on a checkpoint that says otherwise, either way, also in a later round", () => {
    expect(detail(running().told("asked").told("given-up").freeze().saved(true))).toContain("it was ready");
    expect(detail(running().told("asked").told("ready").freeze().saved(false))).toContain("it was not ready");
    const stale = running().told("asked").told("ready").freeze().saved(true).thaw().freeze().saved(true);
    expect(detail(stale)).toContain("it was ready");
  });

  it("fails on a freeze with nothing said of who was asked, unless that has ended", () => {
    expect(detail(running().told("asked").freeze())).toContain("what came of asking it is not told");
    expect(judge(running().told("asked").execution(1, "running", "completed").freeze(), name).result).toBe("pass");
  });

  it("fails on one that is asked while it stands still, and on an answer that nobody asked for", () => {
    expect(detail(running().freeze().told("asked"))).toContain("stands still");
    expect(detail(running().told("ready"))).toContain("was not asked");
    const leaves = running().told("asked").told("ready").add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
    expect(detail(leaves.freeze().thaw().told("asked"))).toContain("stands still");
  });
});
