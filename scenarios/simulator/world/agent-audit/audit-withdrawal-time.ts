import { agentLimits, withdrawalShares } from "../../../../agent/core/limits.ts";
import type { Withdrawal } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** What else an agent may wait for, but for its heartbeat: the broker is to know it while it is told. */
const othersTimers = [
  ...["enrol", "leases", "outbox", "snapshot", "acknowledge"],
  ...["periodic", "cooperation", "quiet", "shutdown"],
] as const;

/** How long a withdrawal may take: what it is begun with, and how those who ask again, or signal, change it. */
export function auditWithdrawalTime(step: AgentStep): void {
  const was = step.before.withdrawal;
  const now = step.after.withdrawal;
  if (now === null) return;
  if (was === null) auditBegin(step, now);
  else auditAgain(step, was, now);
  auditTimer(step, now);
}

function auditBegin(step: AgentStep, { record, ...now }: Withdrawal): void {
  const { after, input, nowMs } = step;
  assert(now.sharedFromMs === nowMs, "the time of a withdrawal is shared out from its beginning on");
  assert(now.endsAtMs === nowMs + record.deadlineMs, "a withdrawal ends by its deadline");
  const isOwners = input.type === "control" && input.request.command === "withdraw";
  if (isOwners) {
    const { deadlineMs = agentLimits.withdrawDeadlineMs } = input.request;
    assert(record.deadlineMs === deadlineMs, "the deadline is the owner's");
  }
  const { waiting, signals, brokerAttempts, lastSignalAtMs } = now;
  assert(waiting.length === 1 && waiting[0] === (isOwners ? input.requestId : null), "whoever asked for it waits");
  assert(signals === 0 && lastSignalAtMs === null && brokerAttempts === 0, "a withdrawal begins afresh");
  assert(after.shutdown === null && after.pause === null && after.activity === null, "nothing else counts any more");
  const { claimSent, reportsSent } = now;
  assert(record.current !== "freeze" || !(claimSent || reportsSent), "nothing is said before everything stands still");
  assert(!after.outboxWaits, "a report does not wait for a timer that is gone");
  const answered = new Set(effectsOf(step, "answer").map(({ requestId }) => requestId));
  for (const requestId of step.before.pause?.waiting ?? [])
    assert(answered.has(requestId), "whoever waits for a pause hears that it will not come");
  assert(effectsOf(step, "freezeAll").length > 0, "a withdrawal begins by stopping everything");
  const remembered = effectsOf(step, "remember").some(({ note }) => note.key === "withdrawal" && note.value !== null);
  assert(remembered, "a withdrawal that has begun stands in the journal");
  if (record.attempts > 1) return;
  assert(after.enrolmentSent || record.keyRevoked === "no-key", "who never enrolled has no key that anybody knows");
  const { directoriesWiped, directoriesLeft, autostartLeft, socketsLeft, processesLeft } = record;
  const seen = [directoriesWiped, directoriesLeft, autostartLeft, socketsLeft, processesLeft];
  assert(
    seen.every((list) => list.length === 0),
    "nothing was wiped or left before it was looked for",
  );
  if (input.type === "started") return;
  const cleared = new Set<string>(effectsOf(step, "clearTimer").map(({ name }) => name));
  for (const name of othersTimers) assert(cleared.has(name), `whoever withdraws does not wait for ${name} any more`);
}

function auditAgain(step: AgentStep, was: Withdrawal, now: Withdrawal): void {
  const { input, nowMs } = step;
  let endsAtMs = was.endsAtMs;
  let deadlineMs = was.record.deadlineMs;
  let waiting = was.waiting.length;
  if (input.type === "control" && input.request.command === "withdraw") {
    waiting += 1;
    const wanted = input.request.deadlineMs ?? agentLimits.withdrawDeadlineMs;
    if (was.record.attempts > 1 && was.waiting.every((one) => one === null)) {
      // An earlier attempt was cut short: nobody has said yet how long this one may take.
      deadlineMs = wanted;
      endsAtMs = Math.max(endsAtMs, nowMs + wanted);
      const written = effectsOf(step, "remember").some(
        ({ note }) => note.key === "withdrawal" && note.value?.deadlineMs === wanted,
      );
      assert(written, "the next instance finds how long it may take");
    }
    if (input.request.deadlineMs !== undefined) endsAtMs = Math.min(endsAtMs, nowMs + wanted);
  }
  if (input.type === "signal") endsAtMs = auditSignal(step, was, now);
  else assert(now.signals === was.signals, "only signals are counted as such");
  assert(now.endsAtMs === endsAtMs, `a withdrawal ends ${endsAtMs - nowMs} ms from now, not ${now.endsAtMs - nowMs}`);
  assert(now.record.deadlineMs === deadlineMs, "what it may take is what was wanted last");
  const sharedFromMs = endsAtMs === was.endsAtMs ? was.sharedFromMs : nowMs;
  assert(now.sharedFromMs === sharedFromMs, "what is left of its time is shared out anew when that changes");
  assert(now.waiting.length === waiting, "everybody who asks for it waits for its end");
  if (endsAtMs >= was.endsAtMs || now.record.current !== was.record.current) return;
  // What is under way goes by the deadline of before.
  const again = { terminate: "endStrays", "wipe-directories": "wipeHome" } as const;
  const { current } = now.record;
  if (was.asked && (current === "terminate" || current === "wipe-directories"))
    assert(effectsOf(step, again[current]).length > 0, "what is under way is hurried");
  else assert(now.asked || !was.asked || current === "hand-back", "what is under way is not asked for again");
}

/** Signals that come close together are one; the second hurries it, the third breaks it off. */
function auditSignal(step: AgentStep, was: Withdrawal, now: Withdrawal): number {
  const { nowMs } = step;
  const isRepeat = was.lastSignalAtMs !== null && nowMs - was.lastSignalAtMs < agentLimits.signalRepeatMs;
  assert(now.signals === was.signals + (isRepeat ? 0 : 1), "each signal counts once");
  if (!isRepeat) assert(now.lastSignalAtMs === nowMs, "the last signal is the last");
  const brokenOff = effectsOf(step, "exit").some(({ ending }) => ending.how === "interrupted");
  assert(brokenOff === (!isRepeat && now.signals >= 3), "the third signal breaks a withdrawal off");
  return !isRepeat && now.signals === 2 ? Math.min(was.endsAtMs, nowMs + agentLimits.urgentNotifyMs) : was.endsAtMs;
}

/** It looks again when the share of its step is over, or when the broker may be asked again. */
function auditTimer(step: AgentStep, { record, retryAtMs, sharedFromMs, endsAtMs, asked }: Withdrawal): void {
  const set = effectsOf(step, "setTimer").findLast(({ name }) => name === "withdraw");
  const { nowMs } = step;
  const isUntouched = step.before.withdrawal?.record.current === record.current;
  assert(set !== undefined || isUntouched, "each step ends by its share");
  if (set === undefined) return;
  const at = (share: number): number => sharedFromMs + (endsAtMs - sharedFromMs) * share;
  const dues: Partial<Record<Withdrawal["record"]["current"], readonly number[]>> = {
    checkpoint: [withdrawalShares.checkpoint],
    terminate: [withdrawalShares.terminate],
    "hand-back": [withdrawalShares.upload, withdrawalShares.broker, withdrawalShares.answer],
    "revoke-key": [withdrawalShares.answer],
  };
  const shares = dues[record.current] ?? [1];
  const next = shares.map(at).find((due) => due > nowMs) ?? at(shares.at(-1) ?? 1);
  const due = retryAtMs > nowMs && !asked ? Math.min(retryAtMs, next) : next;
  const delayMs = Math.max(0, due - nowMs);
  assert(set.delayMs === delayMs, `${record.current} is looked at again in ${delayMs} ms, not ${set.delayMs}`);
}
