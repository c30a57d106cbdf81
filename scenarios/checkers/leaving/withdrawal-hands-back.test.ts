import { describe, expect, it } from "vitest";

import type { HistoryRecord } from "../../../protocol/history.ts";
import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { agentId, checkpointAt, HistoryBuilder, stepsOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-hands-back";
const asked = { agentId, request: 1, command: "withdraw", withinMs: 11_000, deadlineMs: 10_000 } as const;
const begun = () =>
  new HistoryBuilder()
    .start()
    .lease(1, 1)
    .add("witness.asked", asked)
    .state("Idle", "Withdrawing", "withdrawAsked")
    .save(1, 1, 5);
const revoke = (history: HistoryBuilder) =>
  history.add("broker.agent", { agentId, standing: "revoked", reason: "it withdrew" });
/** Releases of one turn of the broker are of one moment. */
const atOnce = (history: HistoryBuilder): HistoryBuilder => {
  const last = history.records.at(-1) as { at: number };
  (history.records.at(-2) as { at: number }).at = last.at;
  return history;
};
const judged = (history: HistoryBuilder, extra: Partial<WithdrawalReport> = {}) =>
  judge(history.withdrawal({ steps: stepsOf(), startedAt: 1_000, leasesHandedBack: 1, ...extra }), name);
const back = (how: "handed-back" | "revoked" = "handed-back", checkpoint = checkpointAt(5)) =>
  atOnce(revoke(begun().release(1, 1, how, { checkpoint })));

describe("withdrawal-hands-back", () => {
  it("passes when each lease goes back with its newest checkpoint, and is counted", () => {
    expect(judged(back())).toMatchObject({ result: "pass", detail: "1 withdrawals" });
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });

  it("fails when another number is reported than the broker took", () => {
    expect(judged(back(), { leasesHandedBack: 0 }).detail).toContain("the broker took 1");
    expect(judged(back(), { leasesHandedBack: 2 }).result).toBe("fail");
  });

  it("does not count what came back on its own a moment before", () => {
    const before = () => revoke(begun().release(1, 1, "handed-back"));
    expect(judged(before()).detail).toContain("the broker took 0");
    expect(judged(before(), { leasesHandedBack: 0 }).result).toBe("pass");
  });

  it("does not count what a shutdown gave back in the same moment, or a lease that was given back on its own", () => {
    const shutDown = begun().release(1, 1, "handed-back");
    shutDown.add("broker.agent", { agentId, standing: "shutdown", reason: "SIGTERM" });
    for (const record of revoke(shutDown).records.slice(-3)) (record as { at: number }).at = shutDown.nowMs;
    expect(judged(shutDown, { leasesHandedBack: 0 }).result).toBe("pass");
    const said = () => {
      const call = { agentId, instanceId: "one", leaseId: "lease-1-1", call: "return", outcome: "sent" } as const;
      const told = begun().add("witness.lease-call", call);
      return atOnce(revoke(told.release(1, 1, "handed-back", { checkpoint: checkpointAt(5) })));
    };
    expect(judged(said(), { leasesHandedBack: 0 }).result).toBe("pass");
    expect(judged(said(), { leasesHandedBack: 1 }).result).toBe("pass");
    expect(judged(said(), { leasesHandedBack: 2 }).result).toBe("fail");
  });

  it("asks nothing of an agent whose key was revoked before it withdrew", () => {
    const late = atOnce(revoke(new HistoryBuilder().start().lease(1, 1).release(1, 1, "revoked")));
    const withdraws = late.wait(50).add("witness.asked", asked).state("Enrolling", "Withdrawing", "withdrawAsked");
    expect(judged(withdraws).result).toBe("pass");
  });

  it("fails when one was taken by the revocation, or went back without its newest checkpoint", () => {
    expect(judged(back("revoked"), { leasesHandedBack: 0 }).detail).toContain("was not handed back");
    const older = { ...checkpointAt(3), archiveDigest: "d".repeat(64) };
    expect(judged(back("handed-back", older)).detail).toContain("newest checkpoint");
  });

  it("asks that of nobody who had no time for it", () => {
    const late = { steps: stepsOf({ terminate: { durationMs: 7_400 } }) };
    expect(judged(back("revoked"), { ...late, leasesHandedBack: 0 }).result).toBe("pass");
  });

  it("asks it of nobody whom a second signal hurried too much, and of everybody with one signal", () => {
    const older = { ...checkpointAt(3), archiveDigest: "d".repeat(64) };
    const signalled = (...atMs: readonly number[]) => {
      const history = begun();
      const since = history.nowMs;
      for (const at of atMs)
        history.wait(since + at - history.nowMs).add("witness.signal", { agentId, signal: "SIGTERM" });
      return atOnce(revoke(history.release(1, 1, "handed-back", { checkpoint: older })));
    };
    const late = { steps: stepsOf({ terminate: { durationMs: 1_600 } }) };
    expect(judged(signalled(100), late).detail).toContain("newest checkpoint");
    expect(judged(signalled(100, 700), late).result).toBe("pass");
  });

  it("fails when fewer leases are deferred than the broker counts", () => {
    const deferred = { keyRevoked: "deferred", leasesHandedBack: 0 } as const;
    expect(judged(begun(), { ...deferred, leasesDeferred: 0 }).detail).toContain("the broker counts 1");
    expect(judged(begun(), { ...deferred, leasesDeferred: 1 }).result).toBe("pass");
    expect(judged(begun().release(1, 1, "expired"), deferred).result).toBe("pass");
  });

  it("leaves out what several instances did", () => {
    const { records }: { records: HistoryRecord[] } = back("revoked");
    expect(records.length).toBeGreaterThan(0);
    expect(judged(back("revoked"), { attempts: 2 }).result).toBe("unknown");
  });
});
