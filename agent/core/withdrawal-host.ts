import { assert, present } from "../../foundation/assert.ts";
import type { AgentInput } from "./input.ts";
import type { LeaseStage, Withdrawal, WithdrawalRecord } from "./state.ts";
import { agentLimits, withdrawalShares } from "./limits.ts";
import { endBroken } from "./sandbox-life.ts";
import type { Turn } from "./turn.ts";
import { endWithdrawal } from "./withdrawal-end.ts";
import { addResult, advance, askOnce, isOver, leftOnHost, timeLeftMs } from "./withdrawal-steps.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

const liveStages: readonly LeaseStage[] = ["accepting", "preparing", "held", "spawning", "running", "ending"];

/**
 * The step terminate: every sandbox is ended; then one look over the whole host for what may have escaped, did not end
 * in time, or is an earlier instance's. What that sees alive is what the report names.
 */
export function endProcesses(turn: Turn, withdrawal: Withdrawal): void {
  const over = isOver(turn, withdrawal, withdrawalShares.terminate);
  if (turn.leases().some((lease) => liveStages.includes(lease.stage)) && !over) return;
  const deadlineMs = timeLeftMs(turn, withdrawal, withdrawalShares.terminate + withdrawalShares.sweep);
  askOnce(withdrawal, () => {
    turn.emit({ kind: "endStrays", everything: true, graceMs: 0, deadlineMs: Math.max(0, deadlineMs) });
  });
}

export function onWithdrawalStrays(turn: Turn, withdrawal: Withdrawal, input: Of<"straysEnded">): void {
  const { terminated, left, unseen } = input;
  const { record } = withdrawal;
  // The look that this instance took when it came up was still under way.
  if (record.current !== "terminate" || !withdrawal.asked) return;
  record.processesTerminated += terminated;
  record.processesLeft = left;
  if (left.length === 0) endBroken(turn);
  const alive = record.processesLeft.length;
  const measured = `${record.processesTerminated} processes ended, ${alive} seen alive afterwards${unseen === undefined ? "" : `; ${unseen}`}`;
  const outcome = outcomeOf({ done: record.processesTerminated, left: alive });
  advance(turn, withdrawal, { outcome, measured }, "hand-back");
}

export function onAutostartRemoved(turn: Turn, { removed, left }: Of<"autostartRemoved">): void {
  const withdrawal = underWay(turn, "remove-autostart");
  withdrawal.record.autostartLeft = left;
  const measured = `${removed.length} parts of the startup hook removed, ${left.length} seen afterwards`;
  const outcome = outcomeOf({ done: removed.length, left: left.length });
  advance(turn, withdrawal, { outcome, measured }, "close-sockets");
}

export function onSocketsClosed(turn: Turn, { left, measured }: Of<"socketsClosed">): void {
  const withdrawal = underWay(turn, "close-sockets");
  withdrawal.record.socketsLeft = left;
  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "wipe-directories");
}

/** The step wipe-directories: what there is no time for is left to the next attempt, and the ledger with it (L1). */
export function wipeDirectories(turn: Turn, withdrawal: Withdrawal): void {
  const leftMs = timeLeftMs(turn, withdrawal, withdrawalShares.wipe);
  askOnce(withdrawal, () => turn.emit({ kind: "wipeHome", deadlineMs: Math.max(agentLimits.wipeMsMin, leftMs) }));
}

export function onHomeWiped(turn: Turn, { wiped, left }: Of<"homeWiped">): void {
  // One that was hurried is answered twice.
  if (turn.core.withdrawal?.record.current === "clear-ledger") return;
  const withdrawal = underWay(turn, "wipe-directories");
  const { record } = withdrawal;
  record.directoriesWiped = union(record.directoriesWiped, wiped);
  record.directoriesLeft = left;
  const measured = `${wiped.length} entries of the home wiped, ${left.length} seen afterwards`;
  advance(turn, withdrawal, { outcome: outcomeOf({ left: left.length }), measured }, "clear-ledger");
}

/** The step clear-ledger: a ledger that still has something to say stays, and with it the home. */
export function clearLedger(turn: Turn, withdrawal: Withdrawal): void {
  const keep = leftOnHost(withdrawal.record) > 0;
  askOnce(withdrawal, () => turn.emit({ kind: "clearLedger", keep }));
}

export function onLedgerCleared(turn: Turn, cleared: Of<"ledgerCleared">): void {
  const { entriesLeft, wiped, directoriesLeft, directoriesKept = [] } = cleared;
  const withdrawal = underWay(turn, "clear-ledger");
  const { record } = withdrawal;
  record.ledgerEntriesLeft = entriesLeft;
  record.directoriesWiped = union(record.directoriesWiped, wiped);
  record.directoriesLeft = union(record.directoriesLeft, directoriesLeft);
  if (directoriesKept.length > 0) record.directoriesKept = union([], directoriesKept);
  const measured = `${entriesLeft} entries stay in the ledger, for the next attempt to know what to look for`;
  addResult(turn, withdrawal, { outcome: outcomeOf({ left: entriesLeft }), measured });
  endWithdrawal(turn, withdrawal);
}

/** Nobody but the withdrawal asks for these, and it goes on with nothing else before the answer. */
function underWay({ core: { withdrawal } }: Turn, step: WithdrawalRecord["current"]): Withdrawal {
  const asked = present(withdrawal, "only a withdrawal empties the host");
  assert(asked.record.current === step, "a step waits for its own answer");
  assert(asked.asked, "what is answered was asked");
  return asked;
}

/** Of a step that found something to do, unless it counted what it did. */
function outcomeOf({ left, done = 1 }: { left: number; done?: number }): "done" | "failed" | "nothing-to-do" {
  if (left > 0) return "failed";
  return done > 0 ? "done" : "nothing-to-do";
}

function union(before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])].sort();
}
