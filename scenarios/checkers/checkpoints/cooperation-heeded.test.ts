import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "cooperation-heeded";
/** Nobody is waited for longer than a second, a quarter of the interval, and a timer's lateness. */
const settings = { checkpointIntervalMs: 4_000 };
const periodic = "periodic checkpoint";

class Story extends HistoryBuilder {
  told(stage: HistoryData<"agent.cooperation">["stage"], { waitedMs = 0, trigger = periodic, job = 1 } = {}): this {
    const lease = { jobId: `job-${job}`, leaseId: `lease-${job}-1`, epoch: 1 };
    return this.add("agent.cooperation", { ...lease, trigger, stage, waitedMs });
  }

  wrote(afterMs: number): this {
    return this.add("witness.cooperated", { agentId, leaseId: "lease-1-1", afterMs });
  }

  saved(cooperative: boolean, trigger = periodic): this {
    const lease = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1 };
    return this.add("agent.checkpoint", { ...lease, checkpoint: checkpointAt(1), trigger, durationMs: 1, cooperative });
  }
}

const running = (): Story => new Story().start().execution(1, null, "spawning").execution(1, "spawning", "running");
const woke = (history: Story): HistoryBuilder => history.add("agent.woke", { cause: "timer" });
const judged = (history: HistoryBuilder) => judge(history, name, settings);

describe("cooperation-heeded", () => {
  it("passes on jobs that are asked, heard, or given up in time", () => {
    const heard = running().told("asked").wrote(40).told("ready", { waitedMs: 50 }).freeze(1, 1, periodic).saved(true);
    expect(judged(heard.thaw()).result).toBe("pass");
    const late = running().told("asked").wait(1_000).told("given-up", { waitedMs: 1_000 }).freeze(1, 1, periodic);
    expect(judged(late.saved(false)).result).toBe("pass");
  });

  it("fails on one that wrote its file and was given up, but not where that was just then", () => {
    const givenUp = (wroteMs: number) => running().told("asked").wrote(wroteMs).told("given-up", { waitedMs: 1_000 });
    expect(judged(givenUp(900)).detail).toContain("wrote its file after 900 ms, and was given up");
    expect(judged(givenUp(990)).result).toBe("pass");
  });

  it("fails on one that is waited for too long, whether that has an end or not", () => {
    expect(judged(running().told("asked").told("given-up", { waitedMs: 1_300 })).detail).toContain("1300 ms long");
    expect(judged(woke(running().told("asked").wait(1_300))).detail).toContain("is waited for since");
    expect(judged(running().told("asked").wait(1_300).freeze()).detail).toContain("is waited for since");
  });

  it("lets a shutdown wait for as long as a job may ask for, and no longer", () => {
    const leaves = (waitedMs: number) =>
      running().told("asked", { trigger: "SIGTERM" }).told("ready", { trigger: "SIGTERM", waitedMs });
    expect(judged(leaves(10_000)).result).toBe("pass");
    expect(judged(leaves(10_300)).result).toBe("fail");
  });

  it("fails on a periodic checkpoint of a job that nobody asked, though it ran when others were", () => {
    expect(judged(running().freeze(1, 1, periodic).saved(false)).detail).toContain("was not asked");
    expect(judged(running().told("asked", { job: 2 }).freeze(1, 1, periodic).saved(false)).result).toBe("fail");
    const newer = new Story().start().told("asked", { job: 2 }).told("ready", { job: 2 });
    newer.execution(1, null, "spawning").execution(1, "spawning", "running");
    expect(judged(newer.freeze(1, 1, periodic).saved(false)).result).toBe("pass");
    expect(judged(running().freeze().saved(false, "the owner came home")).result).toBe("unknown");
  });
});
