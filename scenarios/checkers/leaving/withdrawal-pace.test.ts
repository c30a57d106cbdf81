import { describe, expect, it } from "vitest";

import type { WithdrawalReport, WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import { agentId, HistoryBuilder, stepsOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-pace";
const settings = { latencyMsMax: 50, terminateGraceMs: 500 };
const asked = { agentId, request: 1, command: "withdraw", withinMs: 11_000, deadlineMs: 10_000 } as const;
/** What was asked for, and began at 1002 by the agent's clock. */
const begun = () =>
  new HistoryBuilder().start().add("witness.asked", asked).state("Idle", "Withdrawing", "withdrawAsked").freeze();
const judged = (history: HistoryBuilder, extra: Partial<WithdrawalReport> = {}) =>
  judge(history.withdrawal({ steps: stepsOf(), startedAt: 1_002, ...extra }), name, settings);
const slow = (step: WithdrawalStep["step"], durationMs: number) =>
  judged(begun(), { steps: stepsOf({ [step]: { durationMs } }) });

describe("withdrawal-pace", () => {
  it("passes one that takes its steps in their time", () => {
    expect(judged(begun())).toMatchObject({ result: "pass", detail: "1 withdrawals" });
    expect(judge(begun(), name).result).toBe("unknown");
  });

  it.each([
    ["freeze", 1_000],
    ["checkpoint", 1_000],
    ["terminate", 1_000],
    ["hand-back", 1_000],
    ["revoke-key", 1_000],
    ["close-sockets", 500],
    ["wipe-directories", 500],
    ["clear-ledger", 500],
  ] as const)("fails when %s waits for nothing", (step, durationMs) => {
    expect(slow(step, durationMs).detail).toContain(`${step} was over`);
  });

  it("lets a step wait for what it needs: a snapshot, the grace of a job, a job that no signal ends", () => {
    const saved = begun().wait(3_000).save(1, 1, 5);
    expect(judged(saved, { steps: stepsOf({ checkpoint: { durationMs: 2_960 } }) }).result).toBe("pass");
    expect(slow("terminate", 700).result).toBe("pass");
    const ownEnd = begun().wait(3_000).execution(1, "killing", "killed");
    const steps = stepsOf({ terminate: { durationMs: 2_990 } });
    expect(judged(ownEnd, { steps, processesTerminated: 0 }).result).toBe("pass");
    const stray = { pid: 7, startTime: "7", command: "job" };
    const left = stepsOf({ terminate: { durationMs: 6_900 } });
    expect(judged(begun(), { steps: left, processesLeft: [stray] }).result).toBe("pass");
  });

  it("lets it send a checkpoint of many chunks, also one that was saved before", () => {
    const digests = { manifestDigest: "b".repeat(64), archiveDigest: "c".repeat(64), progress: 1, number: 1 };
    const after = (archiveBytes: number) => {
      const checkpoint = { ...digests, archiveBytes };
      const saved = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", durationMs: 1, checkpoint };
      const history = new HistoryBuilder().start().add("agent.checkpoint", saved).add("witness.asked", asked);
      return history.state("Idle", "Withdrawing", "withdrawAsked").freeze();
    };
    const steps = stepsOf({ "hand-back": { durationMs: 1_500 } });
    expect(judged(after(12 * 1024 * 1024), { steps }).detail).not.toContain("hand-back was over");
    expect(judged(after(1024 * 1024), { steps }).detail).toContain("hand-back was over");
  });

  it("lets it wait for a snapshot until the broker takes its job away", () => {
    const steps = stepsOf({ checkpoint: { durationMs: 2_960 } });
    const killed = (history: HistoryBuilder) => history.execution(1, "running", "killing");
    expect(judged(killed(begun().wait(3_000).release(1, 1, "cancelled")), { steps }).result).toBe("pass");
    expect(judged(killed(begun().wait(3_000)), { steps }).detail).toContain("checkpoint was over");
    expect(judged(killed(begun().release(1, 1, "cancelled")), { steps }).detail).toContain("checkpoint was over");
  });

  it("lets a job that was inherited come to its own end, of which only its processes tell", () => {
    const gone = (resource: string, change: "made" | "gone" = "gone") =>
      begun().wait(4_900).add("witness.resource", { agentId, change, resource });
    const steps = stepsOf({ terminate: { durationMs: 5_000 } });
    expect(judged(gone("processes:lease-1-1"), { steps }).result).toBe("pass");
    expect(judged(gone("processes:lease-1-1", "made"), { steps }).detail).toContain("terminate was over");
    expect(judged(gone("socket:/home/a/s"), { steps }).detail).toContain("terminate was over");
    expect(judged(begun(), { steps }).detail).toContain("terminate was over");
    const late = stepsOf({ terminate: { durationMs: 8_000 } });
    const end = begun().wait(7_900).add("witness.resource", { agentId, change: "gone", resource: "processes:lease-1" });
    expect(judged(end, { steps: late }).detail).toContain("terminate was over");
  });

  it("fails when something is given up before its share of the deadline is over", () => {
    const failed = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    expect(judged(begun().add("agent.checkpoint-failed", failed)).detail).toContain("was given up");
    expect(judged(begun().wait(4_500).add("agent.checkpoint-failed", failed)).result).toBe("pass");
    const given = (durationMs: number) =>
      stepsOf({ "hand-back": { outcome: "deferred", durationMs }, "revoke-key": { outcome: "deferred" } });
    expect(judged(begun(), { steps: given(300), keyRevoked: "deferred" }).detail).toContain("the broker was given up");
  });

  it("fails when the key is not confirmed and there was time", () => {
    expect(judged(begun(), { keyRevoked: "deferred" }).detail).toContain("were left for it");
    const late = stepsOf({ terminate: { durationMs: 8_900 } });
    const stray = [{ pid: 7, startTime: "7", command: "job" }];
    expect(judged(begun(), { keyRevoked: "deferred", steps: late, processesLeft: stray }).detail).not.toContain(
      "left for",
    );
  });

  it("goes by the earliest deadline that was asked for", () => {
    const again = begun().add("witness.asked", { ...asked, request: 2, deadlineMs: 1_000 });
    const failed = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    expect(judged(again.wait(450).add("agent.checkpoint-failed", failed)).result).toBe("pass");
    const steps = (durationMs: number) => stepsOf({ checkpoint: { durationMs } });
    const late = () =>
      begun()
        .wait(5_000)
        .add("witness.asked", { ...asked, request: 2, deadlineMs: 1_000 });
    const savedUntil = (history: HistoryBuilder) => history.wait(450).add("agent.checkpoint-failed", failed);
    expect(judged(savedUntil(late()), { steps: steps(5_410) })).toMatchObject({ result: "pass" });
    expect(judged(savedUntil(late()), { steps: steps(5_600) }).detail).toContain("checkpoint was over");
  });

  it("judges what was given up by the deadline that there was then", () => {
    const failed = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    const sooner = { ...asked, request: 2, deadlineMs: 3_000 };
    const givenUp = (afterMs: number) =>
      begun().wait(afterMs).add("agent.checkpoint-failed", failed).add("witness.asked", sooner);
    const steps = (durationMs: number) => stepsOf({ checkpoint: { durationMs } });
    expect(judged(givenUp(4_500), { steps: steps(4_460) })).toMatchObject({ result: "pass" });
    expect(judged(givenUp(3_000), { steps: steps(2_960) }).detail).toContain("given up before its share");
  });

  it("shares out anew what is left at the wish for an earlier end", () => {
    const failed = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    const hastened = (history: HistoryBuilder, waitMs = 900) =>
      history
        .add("witness.asked", { ...asked, request: 2, deadlineMs: 2_000 })
        .wait(waitMs)
        .add("agent.checkpoint-failed", failed);
    const steps = stepsOf({ checkpoint: { durationMs: 3_860 } });
    expect(judged(hastened(begun().wait(3_000)), { steps })).toMatchObject({ result: "pass" });
    const early = stepsOf({ checkpoint: { durationMs: 3_060 } });
    expect(judged(hastened(begun().wait(3_000), 100), { steps: early }).detail).toContain("given up before its share");
    expect(
      judged(hastened(begun().wait(3_000)), { steps: stepsOf({ checkpoint: { durationMs: 4_000 } }) }).result,
    ).toBe("fail");
    expect(judged(hastened(begun().wait(300)), { steps }).result).toBe("fail");
  });

  it("says nothing of one that was broken off, hurried by signals, or that nobody asked for", () => {
    const steps = stepsOf({ freeze: { durationMs: 1_000 } });
    const resumed = begun().start("two").state("Enrolling", "Withdrawing", "withdrawAsked", "two");
    expect(judged(resumed, { steps }).result).toBe("unknown");
    const signal = { agentId, signal: "SIGTERM" };
    expect(judged(begun().add("witness.signal", signal).add("witness.signal", signal), { steps }).result).toBe(
      "unknown",
    );
    const unasked = new HistoryBuilder().start().state("Idle", "Withdrawing", "withdrawAsked");
    expect(judged(unasked, { steps }).result).toBe("unknown");
  });
});
