import { assert, present } from "../../foundation/assert.ts";
import type { AgentInput } from "./input.ts";
import type { LeaseStage, Withdrawal, WithdrawalRecord } from "./state.ts";
import { withdrawalShares } from "./limits.ts";
import type { Turn } from "./turn.ts";
import { endWithdrawal } from "./withdrawal-end.ts";
import { addResult, advance, askOnce, isOver, timeLeftMs } from "./withdrawal-steps.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

const liveStages: readonly LeaseStage[] = ["accepting", "preparing", "held", "spawning", "running", "ending"];

/**
 * The step terminate: every sandbox is ended; then one look over the whole host for what may have escaped, or is an
 * earlier instance's.
 */
export function endProcesses(turn: Turn, withdrawal: Withdrawal): void {
  const over = isOver(turn, withdrawal, withdrawalShares.terminate);
  if (turn.leases().some((lease) => liveStages.includes(lease.stage)) && !over) return;
  const deadlineMs = timeLeftMs(turn, withdrawal, withdrawalShares.terminate + withdrawalShares.sweep);
  askOnce(withdrawal, () => turn.emit({ kind: "endStrays", graceMs: 0, deadlineMs: Math.max(0, deadlineMs) }));
}

export function onWithdrawalStrays(turn: Turn, { terminated, left }: Of<"straysEnded">): void {
  const { withdrawal } = turn.core;
  if (withdrawal?.record.current !== "terminate" || !withdrawal.asked) return;
  const { record } = withdrawal;
  record.processesTerminated += terminated;
  record.processesLeft.push(...left);
  const alive = record.processesLeft.length;
  const measured = `${record.processesTerminated} processes ended, ${alive} seen alive afterwards`;
  const done = record.processesTerminated === 0 ? "nothing-to-do" : "done";
  advance(turn, withdrawal, { outcome: alive > 0 ? "failed" : done, measured }, "hand-back");
}

export function onAutostartRemoved(turn: Turn, { removed, left }: Of<"autostartRemoved">): void {
  const withdrawal = underWay(turn, "remove-autostart");
  withdrawal.record.autostartLeft = [...left];
  const result =
    removed.length + left.length === 0
      ? ({ outcome: "nothing-to-do", measured: "the host ledger knows no startup hook" } as const)
      : ({
          outcome: left.length === 0 ? "done" : "failed",
          measured: `${removed.length} parts of the startup hook removed, ${left.length} seen afterwards`,
        } as const);
  advance(turn, withdrawal, result, "close-sockets");
}

export function onSocketsClosed(turn: Turn, { left, measured }: Of<"socketsClosed">): void {
  const withdrawal = underWay(turn, "close-sockets");
  withdrawal.record.socketsLeft = [...left];
  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "wipe-directories");
}

export function onHomeWiped(turn: Turn, { wiped, left }: Of<"homeWiped">): void {
  const withdrawal = underWay(turn, "wipe-directories");
  const { record } = withdrawal;
  record.directoriesWiped = union(record.directoriesWiped, wiped);
  record.directoriesLeft = [...left];
  const measured = `${wiped.length} entries of the home wiped, ${left.length} seen afterwards`;
  advance(turn, withdrawal, { outcome: left.length === 0 ? "done" : "failed", measured }, "clear-ledger");
}

/** The step clear-ledger: a ledger that still has something to say stays, and with it the home. */
export function clearLedger(turn: Turn, withdrawal: Withdrawal): void {
  const { processesLeft, autostartLeft, directoriesLeft, socketsLeft } = withdrawal.record;
  const keep = [processesLeft, autostartLeft, directoriesLeft, socketsLeft].some((left) => left.length > 0);
  askOnce(withdrawal, () => turn.emit({ kind: "clearLedger", keep }));
}

export function onLedgerCleared(turn: Turn, { entriesLeft, wiped, directoriesLeft }: Of<"ledgerCleared">): void {
  const withdrawal = underWay(turn, "clear-ledger");
  const { record } = withdrawal;
  record.ledgerEntriesLeft = entriesLeft;
  record.directoriesWiped = union(record.directoriesWiped, wiped);
  record.directoriesLeft = union(record.directoriesLeft, directoriesLeft);
  const measured =
    entriesLeft === 0
      ? "no entry is left, and the ledger itself is gone"
      : `${entriesLeft} entries stay, so that the next attempt knows what to look for`;
  addResult(turn, withdrawal, { outcome: entriesLeft === 0 ? "done" : "failed", measured });
  endWithdrawal(turn, withdrawal);
}

/** Nobody but the withdrawal asks for these, and it goes on with nothing else before the answer. */
function underWay({ core: { withdrawal } }: Turn, step: WithdrawalRecord["current"]): Withdrawal {
  const asked = present(withdrawal, "only a withdrawal empties the host");
  assert(asked.record.current === step, "a step waits for its own answer");
  assert(asked.asked, "what is answered was asked");
  return asked;
}

function union(before: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...before, ...more])].sort();
}
