import { sometimes } from "../../foundation/sometimes.ts";
import { freeze } from "./freeze.ts";
import { hurryEnds } from "./lease-stop.ts";
import { agentLimits } from "./limits.ts";
import { callOff } from "./resume.ts";
import type { Withdrawal, WithdrawalRecord } from "./state.ts";
import type { TimerName } from "./input.ts";
import { isRepeat } from "./signal-repeat.ts";
import type { Turn } from "./turn.ts";
import { rememberWithdrawal } from "./withdrawal-note.ts";
import { wakeForStep } from "./withdrawal-steps.ts";

const otherTimers: readonly TimerName[] = [
  "enrol",
  "leases",
  "outbox",
  "snapshot",
  "acknowledge",
  "periodic",
  "cooperation",
  "quiet",
  "shutdown",
];

const afterProcesses: readonly WithdrawalRecord["current"][] = [
  "hand-back",
  "revoke-key",
  "remove-autostart",
  "close-sockets",
  "wipe-directories",
  "clear-ledger",
];

export interface WithdrawalWish {
  readonly trigger: string;
  readonly requestId: string | null;
  readonly deadlineMs?: number;
}

/**
 * Begins the withdrawal, from any state, whatever else is under way; a second wish joins the first.
 *
 * Stop-intake and freeze are taken in this very turn and journalled right after: they change nothing on the disk, and
 * whoever resumes the withdrawal takes them again.
 */
export function beginWithdrawal(turn: Turn, { trigger, requestId, deadlineMs }: WithdrawalWish): void {
  const { core } = turn;
  const forMs = deadlineMs ?? agentLimits.withdrawDeadlineMs;
  if (core.withdrawal !== null) {
    sometimes("a withdrawal was asked for twice");
    const isNew = core.withdrawal.record.attempts > 1 && core.withdrawal.waiting.every((waiting) => waiting === null);
    core.withdrawal.waiting.push(requestId);
    if (isNew) giveTime(turn, core.withdrawal, forMs);
    if (deadlineMs !== undefined) hasten(turn, core.withdrawal, deadlineMs);
    return;
  }
  if (core.shutdown !== null) sometimes("a withdrawal took a shutdown over");
  if (core.agent === "Paused") sometimes("a withdrawal began while paused");
  freeze(turn, { purpose: "withdraw", trigger });

  const record = newRecord(turn, { trigger, deadlineMs: forMs });
  rememberWithdrawal(turn, record);
  leaveEverythingElse(turn);
  startWork(turn, record, { forMs, requestId });
  turn.move("withdrawAsked", trigger);
}

/**
 * Another instance was killed on the way: this one goes on at the step that the journal names, or
 * with the look for processes if that was over; what the broker confirmed is not asked again.
 */
export function resumeWithdrawal(turn: Turn, record: WithdrawalRecord): void {
  sometimes(`a withdrawal was resumed at ${record.current}`);
  record.attempts += 1;
  // This instance has a socket and a cgroup of its own by now, and sandboxes may have outlived the one before.
  if (afterProcesses.includes(record.current)) record.current = "terminate";
  record.processesLeft = [];
  rememberWithdrawal(turn, record);
  freeze(turn, { purpose: "withdraw", trigger: record.trigger });
  startWork(turn, record, { forMs: record.deadlineMs, requestId: null });
  turn.move("withdrawAsked", `${record.trigger}, resumed at ${record.current}`);
}

/** A signal during a withdrawal does not turn it back; it shortens it. */
export function urgeWithdrawal(turn: Turn, withdrawal: Withdrawal, signal: string): void {
  if (withdrawal.lastSignalAtMs !== null && isRepeat(turn, withdrawal.lastSignalAtMs)) return;
  withdrawal.lastSignalAtMs = turn.nowMs;
  withdrawal.signals += 1;
  if (withdrawal.signals === 1) {
    turn.log("info", `${signal}: the withdrawal is finished first.`);
  } else if (withdrawal.signals === 2) {
    sometimes("a second signal hurried a withdrawal");
    turn.log("warn", `${signal} again: the withdrawal ends within ${agentLimits.urgentNotifyMs / 1000} s.`);
    hasten(turn, withdrawal, agentLimits.urgentNotifyMs);
  } else {
    sometimes("a third signal broke a withdrawal off");
    turn.emit({ kind: "exit", ending: { how: "interrupted" } });
  }
}

/**
 * Whoever asks again for what an earlier attempt did not finish, and this one resumed by itself, says how long it may
 * take: the deadline that it has may be why something was left.
 */
function giveTime(turn: Turn, withdrawal: Withdrawal, forMs: number): void {
  withdrawal.record.deadlineMs = forMs;
  rememberWithdrawal(turn, withdrawal.record);
  const endsAtMs = turn.nowMs + forMs;
  if (endsAtMs <= withdrawal.endsAtMs) return;
  withdrawal.endsAtMs = endsAtMs;
  withdrawal.sharedFromMs = turn.nowMs;
  wakeForStep(turn, withdrawal);
}

/** Ends it no later than so long from now; what is left of its time is shared out anew. */
function hasten(turn: Turn, withdrawal: Withdrawal, forMs: number): void {
  const endsAtMs = turn.nowMs + forMs;
  if (endsAtMs >= withdrawal.endsAtMs) return;
  withdrawal.endsAtMs = endsAtMs;
  withdrawal.sharedFromMs = turn.nowMs;
  hurryEnds(turn);
  // A look for strays, or a wipe, that is under way goes by the deadline of before: it is asked for again.
  const { current } = withdrawal.record;
  if (current === "terminate" || current === "wipe-directories") withdrawal.asked = false;
  wakeForStep(turn, withdrawal);
}

function startWork(
  turn: Turn,
  record: WithdrawalRecord,
  { forMs, requestId }: { forMs: number; requestId: string | null },
): void {
  const { core, nowMs } = turn;
  core.withdrawal = {
    record,
    sharedFromMs: nowMs,
    endsAtMs: nowMs + forMs,
    stepBegunAtMs: nowMs,
    waiting: [requestId],
    asked: false,
    claimSent: false,
    reportsSent: false,
    leasesTold: 0,
    brokerAttempts: 0,
    retryAtMs: 0,
    signals: 0,
    lastSignalAtMs: null,
  };
  wakeForStep(turn, core.withdrawal);
}

function leaveEverythingElse(turn: Turn): void {
  const { core } = turn;
  if (core.pause !== null) callOff(turn, core.pause, "The agent withdraws; the pause has no meaning any more.");
  core.pause = null;
  core.activity = null;
  core.shutdown = null;
  core.outboxWaits = false;
  for (const name of otherTimers) turn.clearTimer(name);
}

function newRecord({ core, nowMs }: Turn, wish: { trigger: string; deadlineMs: number }): WithdrawalRecord {
  return {
    ...wish,
    startedAtMs: nowMs,
    attempts: 1,
    current: "freeze",
    steps: [{ step: "stop-intake", outcome: "done", durationMs: 0, measured: `${core.slots} slots closed` }],
    keyRevoked: core.enrolmentSent ? "deferred" : "no-key",
    processesTerminated: 0,
    processesLeft: [],
    directoriesWiped: [],
    directoriesLeft: [],
    autostartLeft: [],
    socketsLeft: [],
    leasesHandedBack: 0,
    leasesDeferred: 0,
    ledgerEntriesLeft: 0,
  };
}
