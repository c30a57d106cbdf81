import { assert } from "../../foundation/assert.ts";
import { noteContact, refusalIn } from "./broker-contact.ts";
import { enrol, waitToEnrol } from "./enrolment-send.ts";
import { freeze } from "./freeze.ts";
import { wake } from "./heartbeat-send.ts";
import type { AgentInput } from "./input.ts";
import { isLeaving } from "./lease-facts.ts";
import type { Turn } from "./turn.ts";
import { onWithdrawalEnrolled } from "./withdrawal-broker.ts";

export function onEnrolAnswered(turn: Turn, { outcome }: Extract<AgentInput, { type: "enrolAnswered" }>): void {
  const { core } = turn;
  noteContact(turn, outcome);
  core.enrolCall = "none";
  core.enrolled ||= outcome.ok;
  core.brokerRefusal = refusalIn(outcome);
  // Whoever has never heard the broker is told so by no change.
  if (!outcome.ok && outcome.code === "unreachable" && !core.enrolled && core.enrolAttempts === 1) {
    turn.log("warn", `The broker does not answer: ${outcome.message}`);
  }
  if (core.withdrawal !== null) onWithdrawalEnrolled(turn, outcome);
  // The answer came too late to matter; the broker hears of the end by the withdrawal or the shutdown itself.
  if (core.withdrawal !== null || core.shutdown !== null) return;
  if (!outcome.ok) {
    if (outcome.retriable) retryEnrolment(turn);
    else if (core.agent === "Enrolling") refuse(turn, outcome);
    else turn.log("error", `The broker refuses to enrol this agent again: ${outcome.code}: ${outcome.message}`);
    return;
  }
  core.enrolAttempts = 0;
  core.enrolledAtMs = turn.nowMs;
  core.timing = outcome.value.timing;
  turn.move("enrolled", "the broker knows the key");
  turn.emit({ kind: "openEvents" });
  if (core.pause !== null) {
    freeze(turn, { purpose: "pause", trigger: core.pause.reason });
    return;
  }
  wake(turn, "enrolled");
  turn.emit({ kind: "ready" });
}

export function onEnrolTimer(turn: Turn): void {
  assert(!isLeaving(turn.core), "whoever leaves has cleared this timer");
  enrol(turn);
}

function retryEnrolment(turn: Turn): void {
  const { core } = turn;
  waitToEnrol(turn, core.enrolAttempts);
  // A pause that an earlier instance left is kept with or without a broker: nothing more is to be waited for.
  if (core.pause !== null) turn.emit({ kind: "ready" });
}

/** What somebody asked for stands in the home, and is for the owner to clear. */
function isPausedByWord({ pause }: Turn["core"]): boolean {
  return pause !== null && pause.by !== "activity";
}

function refuse(turn: Turn, { code, message }: { code: string; message: string }): void {
  const fresh = turn.leases().length === 0 && !isPausedByWord(turn.core) && code === "bad-join-token";
  turn.emit({ kind: "exit", ending: { how: "refused", code, message, fresh } });
}
