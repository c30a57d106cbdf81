import { sometimes } from "../../foundation/sometimes.ts";
import type { HistoryData } from "../../protocol/history.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/** The freeze is here: nobody is waited for any more, and of each job that was it is said. */
export function endCooperation(turn: Turn): void {
  const { core, nowMs } = turn;
  const { cooperation } = core;
  if (cooperation === null) return;
  core.cooperation = null;
  const { trigger, askedAtMs, waiting } = cooperation;
  for (const { leaseId } of waiting) {
    const lease = core.leases[leaseId];
    if (lease === undefined) continue;
    const isLate = lease.stage === "running";
    recordCooperation(turn, lease, { trigger, stage: isLate ? "given-up" : "ended", waitedMs: nowMs - askedAtMs });
    if (!isLate) continue;
    sometimes("a job was frozen that had not put its files in order");
    turn.log("info", `${lease.jobId} had not put its files in order when it was frozen.`);
  }
  turn.clearTimer("cooperation");
  turn.emit({ kind: "endCooperation" });
}

export function recordCooperation(
  turn: Turn,
  { jobId, leaseId, epoch }: HeldLease,
  told: { trigger: string; stage: HistoryData<"agent.cooperation">["stage"]; waitedMs: number },
): void {
  turn.record("agent.cooperation", { jobId, leaseId, epoch, ...told });
}
