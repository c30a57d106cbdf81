import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { EnrolResponse } from "../../protocol/messages.ts";
import type * as z from "zod";
import { enrol } from "./enrolment-send.ts";
import { sendHeartbeat } from "./heartbeat-send.ts";
import type { AgentInput } from "./input.ts";
import { handBack } from "./lease-facts.ts";
import { agentLimits, withdrawalShares } from "./limits.ts";
import type { BrokerFailure, BrokerOutcome } from "./outcome.ts";
import { sendReport } from "./report.ts";
import type { Withdrawal } from "./state.ts";
import type { Turn } from "./turn.ts";
import { startUpload } from "./upload.ts";
import {
  advance,
  askOnce,
  goOn,
  hasResult,
  isOver,
  leasesToHandBack,
  type StepResult,
  timeLeftMs,
  wakeAt,
} from "./withdrawal-steps.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/**
 * The steps hand-back and revoke-key: checkpoints and results go first, as far as they get; then one message gives
 * every lease back and revokes the key. An instance that took a withdrawal over makes itself known first, and names
 * the leases that it inherited, because the broker heeds only the latest instance.
 */
export function tellBroker(turn: Turn, withdrawal: Withdrawal): void {
  const { core } = turn;
  const wasTold = hasResult(withdrawal, "hand-back") && withdrawal.record.keyRevoked !== "deferred";
  if (wasTold || (hasResult(withdrawal, "hand-back") && !core.hasKey)) {
    const needsNoProbe = hasResult(withdrawal, "revoke-key") || !core.hasKey;
    goOn(turn, withdrawal, needsNoProbe ? "remove-autostart" : "revoke-key");
    // Killed between the two notes of a withdrawal that nobody was to be told of.
    if (!needsNoProbe && withdrawal.record.keyRevoked === "no-key") nothingToRevoke(turn, withdrawal);
    return;
  }
  if (!core.enrolmentSent) {
    sometimes("a withdrawal found that the broker was never told of the agent");
    noKey(turn, withdrawal, "the broker was never told of this agent");
    return;
  }
  if (!core.hasKey) {
    sometimes("a withdrawal found that its key was gone");
    const measured = "the key or the broker's address is gone, and with it the way to the broker";
    defer(turn, withdrawal, { outcome: "deferred", measured });
    return;
  }
  if (isOver(turn, withdrawal, withdrawal.asked ? withdrawalShares.answer : withdrawalShares.broker)) {
    sometimes("a withdrawal did not wait for the broker any longer");
    defer(turn, withdrawal, { outcome: "deferred", measured: "the broker did not answer in time" });
    return;
  }
  const { upload, broker, answer } = withdrawalShares;
  wakeAt(turn, withdrawal, [upload, broker].find((share) => !isOver(turn, withdrawal, share)) ?? answer);
  if (!core.enrolled) {
    if (core.enrolCall !== "inFlight" && mayTry(turn, withdrawal)) enrol(turn);
    return;
  }
  if (!isOver(turn, withdrawal, withdrawalShares.upload) && !everythingSent(turn, withdrawal)) return;
  if (!mayTry(turn, withdrawal)) return;
  askOnce(withdrawal, () => {
    turn.clearTimer("heartbeat");
    const timeoutMs = atLeastOneTry(timeLeftMs(turn, withdrawal, withdrawalShares.broker));
    const leases = leasesToHandBack(turn);
    withdrawal.leasesTold = leases.length;
    turn.emit({ kind: "withdraw", handedBack: leases.map(handBack), timeoutMs });
  });
}

/** The answer to the enrolment of an instance that came up only to withdraw. */
export function onWithdrawalEnrolled(turn: Turn, outcome: BrokerOutcome<z.infer<typeof EnrolResponse>>): void {
  const withdrawal = underWay(turn);
  if (withdrawal.record.current !== "hand-back" || withdrawal.asked) return;
  if (!outcome.ok) onNo(turn, withdrawal, outcome);
}

export function onWithdrawAnswered(turn: Turn, { outcome }: Of<"withdrawAnswered">): void {
  const withdrawal = underWay(turn);
  if (withdrawal.record.current !== "hand-back" || !withdrawal.asked) return;
  if (outcome.ok) handedBack(turn, withdrawal, outcome.value.leasesHandedBack);
  else onNo(turn, withdrawal, outcome);
}

/** Asks the broker, after it confirmed, whether the key is really dead: measured, never assumed. */
export function probeRevocation(turn: Turn, withdrawal: Withdrawal): void {
  if (withdrawal.asked && isOver(turn, withdrawal, withdrawalShares.answer)) {
    const measured = "the broker confirmed the revocation; a probe afterwards was not answered in time";
    advance(turn, withdrawal, { outcome: "done", measured }, "remove-autostart");
    return;
  }
  askOnce(withdrawal, () => {
    const timeoutMs = atLeastOneTry(timeLeftMs(turn, withdrawal, withdrawalShares.broker));
    turn.emit({ kind: "probeRevocation", timeoutMs });
  });
}

export function onRevocationProbed(turn: Turn, { outcome }: Of<"revocationProbed">): void {
  const withdrawal = underWay(turn);
  if (withdrawal.record.current !== "revoke-key" || !withdrawal.asked) return;
  if (outcome.ok) {
    withdrawal.record.keyRevoked = "deferred";
    const measured = "the broker confirmed the revocation and then still answered a heartbeat signed with the key";
    advance(turn, withdrawal, { outcome: "failed", measured }, "remove-autostart");
    return;
  }
  const measured = `the broker confirmed the revocation; a heartbeat signed with the key came to this: ${outcome.code}`;
  advance(turn, withdrawal, { outcome: "done", measured }, "remove-autostart");
}

function everythingSent(turn: Turn, withdrawal: Withdrawal): boolean {
  const { heartbeat } = turn.core;
  const unclaimed = turn.leases().some((lease) => !lease.claimed);
  if (unclaimed && !withdrawal.claimSent && !heartbeat.inFlight) {
    withdrawal.claimSent = true;
    sendHeartbeat(turn, "stop");
  }
  if (unclaimed && heartbeat.inFlight) return false;
  if (!withdrawal.reportsSent) {
    withdrawal.reportsSent = true;
    for (const lease of turn.leases()) {
      startUpload(turn, lease);
      if (lease.report?.kind === "complete") sendReport(turn, lease);
    }
  }
  return !turn.leases().some((lease) => lease.checkpoint?.upload === "inFlight" || lease.reportInFlight);
}

function underWay({ core }: Turn): Withdrawal {
  return present(core.withdrawal, "a withdrawal that has begun goes on to its end");
}

function mayTry({ nowMs }: Turn, withdrawal: Withdrawal): boolean {
  return nowMs >= withdrawal.retryAtMs;
}

function onNo(turn: Turn, withdrawal: Withdrawal, { code, message, retriable }: BrokerFailure): void {
  withdrawal.asked = false;
  withdrawal.brokerAttempts += 1;
  if (code === "revoked") {
    // An earlier attempt got through and was killed before it could write that down, or the broker had given the agent up.
    sometimes("a withdrawal was confirmed to an instance that did not live to hear it");
    handedBack(turn, withdrawal, withdrawal.leasesTold);
    return;
  }
  if (code === "unknown-agent" || code === "bad-join-token") {
    noKey(turn, withdrawal, "the broker does not know this agent");
    return;
  }
  if (code === "fenced" && turn.core.enrolled) {
    sometimes("a withdrawal was fenced and enrolled again");
    turn.core.enrolled = false;
    withdrawal.claimSent = false;
  }
  const again = retriable || code === "fenced";
  if (again && withdrawal.brokerAttempts < agentLimits.withdrawAttemptsMax) {
    // The timer for it is set by `tellBroker`, which comes next.
    withdrawal.retryAtMs = turn.nowMs + agentLimits.retryMsMin * withdrawal.brokerAttempts;
    return;
  }
  defer(turn, withdrawal, {
    outcome: again ? "deferred" : "failed",
    measured: `${message} (${code}); the broker finishes it by lease expiry and the revocation that it holds`,
  });
}

function handedBack(turn: Turn, withdrawal: Withdrawal, leases: number): void {
  const { record } = withdrawal;
  record.keyRevoked = "confirmed";
  // What an attempt that was not heard said of the next step is true no longer, though nobody may live to probe.
  record.steps = record.steps.filter(({ step }) => step !== "revoke-key");
  record.leasesDeferred = 0;
  // Those that came to their end before the broker was told, or while it answered, are not among them.
  record.leasesHandedBack += leases;
  const measured = `the broker took back ${leases} leases`;
  advance(turn, withdrawal, { outcome: leases > 0 ? "done" : "nothing-to-do", measured }, "revoke-key");
}

function noKey(turn: Turn, withdrawal: Withdrawal, measured: string): void {
  withdrawal.record.keyRevoked = "no-key";
  advance(turn, withdrawal, { outcome: "nothing-to-do", measured }, "revoke-key");
  nothingToRevoke(turn, withdrawal);
}

function nothingToRevoke(turn: Turn, withdrawal: Withdrawal): void {
  const measured = "no broker knows a key of this agent";
  advance(turn, withdrawal, { outcome: "nothing-to-do", measured }, "remove-autostart");
}

function defer(turn: Turn, withdrawal: Withdrawal, result: StepResult): void {
  assert(withdrawal.record.keyRevoked !== "confirmed", "a confirmed revocation is not put off");
  withdrawal.record.keyRevoked = "deferred";
  withdrawal.record.leasesDeferred = leasesToHandBack(turn).length;
  advance(turn, withdrawal, result, "revoke-key");
  advance(turn, withdrawal, result, "remove-autostart");
}

function atLeastOneTry(timeoutMs: number): number {
  return Math.max(agentLimits.retryMsMin, timeoutMs);
}
