import { agentLimits, withdrawalShares } from "../../../../agent/core/limits.ts";
import type { HeldLease, Withdrawal, WithdrawalRecord } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** Stages of a lease that has processes, or may get some. */
const hasProcesses = new Set(["accepting", "preparing", "held", "spawning", "running", "ending"]);

/** How a withdrawal empties its host: each look has its time, and the report says what was seen to be left. */
export function auditWithdrawalHost(step: AgentStep): void {
  const now = step.after.withdrawal;
  if (now === null) return;
  auditLooks(step, now);
  const was = step.before.withdrawal;
  if (was !== null) auditSeen(step, was, now);
}

function auditLooks(step: AgentStep, now: Withdrawal): void {
  const { nowMs } = step;
  const leftMs = (share: number): number => now.sharedFromMs + (now.endsAtMs - now.sharedFromMs) * share - nowMs;
  const mayStillEnd = step.after.leaseList.some(({ stage }) => hasProcesses.has(stage));
  const isOver = leftMs(withdrawalShares.terminate) <= 0;
  const looks = effectsOf(step, "endStrays").filter(({ everything }) => everything);
  for (const { deadlineMs, graceMs } of looks) {
    assert(isOver || !mayStillEnd, "whoever is being ended has the time for it");
    const mostMs = Math.max(0, leftMs(withdrawalShares.terminate + withdrawalShares.sweep));
    assert(deadlineMs === mostMs, `the look over the host takes ${mostMs} ms at most, not ${deadlineMs}`);
    assert(graceMs === 0, "what escaped was asked before");
  }
  if (now.record.current === "terminate" && !now.asked)
    assert(mayStillEnd && !isOver, "the host is looked over when nothing is left to end, or the time is over");
  for (const { deadlineMs } of effectsOf(step, "wipeHome")) {
    const mostMs = Math.max(agentLimits.wipeMsMin, leftMs(withdrawalShares.wipe));
    assert(deadlineMs === mostMs, `the wipe takes ${mostMs} ms at most, not ${deadlineMs}`);
  }
  for (const { keep } of effectsOf(step, "clearLedger")) {
    const { processesLeft, directoriesLeft, autostartLeft, socketsLeft } = now.record;
    const lists: readonly (readonly unknown[])[] = [processesLeft, directoriesLeft, autostartLeft, socketsLeft];
    assert(keep === lists.some((list) => list.length > 0), "a ledger stays that has something to say");
  }
}

function auditSeen({ input, before, after }: AgentStep, was: Withdrawal, { record }: Withdrawal): void {
  const left = "left" in input ? input.left.length : 0;
  if (input.type === "autostartRemoved") told(record, "remove-autostart", left, input.removed.length);
  else if (input.type === "socketsClosed") told(record, "close-sockets", left, 1);
  else if (input.type === "homeWiped" && was.record.current === "wipe-directories")
    told(record, "wipe-directories", left, 1);
  else if (input.type === "ledgerCleared") told(record, "clear-ledger", input.entriesLeft, 1);
  if (input.type !== "straysEnded" || was.record.current !== "terminate" || !was.asked) return;
  const ended = was.record.processesTerminated + input.terminated;
  assert(record.processesTerminated === ended, "what was ended is counted");
  told(record, "terminate", left, ended);
  for (const lease of before.leaseList) auditBroken(lease, after.leases[lease.leaseId], left);
}

/** What would not die, and is not to be seen any more, has died. */
function auditBroken({ stage, leaseId }: HeldLease, now: HeldLease | undefined, left: number): void {
  if (stage !== "broken") return;
  assert((now?.stage === "broken") === left > 0, `${leaseId} is broken as long as something of it is seen`);
}

function told({ steps }: WithdrawalRecord, name: WithdrawalRecord["current"], left: number, done: number): void {
  const outcome = left > 0 ? "failed" : done > 0 ? "done" : "nothing-to-do";
  const said = steps.find(({ step }) => step === name)?.outcome;
  assert(said === outcome, `the report says of ${name} that it is ${outcome}, not ${said}`);
}
