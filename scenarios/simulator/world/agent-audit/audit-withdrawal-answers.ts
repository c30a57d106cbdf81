import { agentLimits, withdrawalShares } from "../../../../agent/core/limits.ts";
import type { BrokerFailure } from "../../../../agent/core/outcome.ts";
import type { Withdrawal, WithdrawalRecord } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { WithdrawalStep } from "../../../../protocol/withdrawal-report.ts";
import type { AgentStep } from "./agent-step.ts";
import { leftMs } from "./withdrawal-left.ts";

type StepName = WithdrawalRecord["current"];

const order = WithdrawalStep.shape.step.options;

/** Each step gives way to a later one, and has its result. */
export function auditOrder({ record: was }: Withdrawal, { record: now }: Withdrawal): void {
  if (now.current === was.current) return;
  assert(placeOf(now.current) > placeOf(was.current), "a withdrawal does not go back");
  assert(
    order
      .slice(placeOf(was.current), placeOf(now.current))
      .every((name) => now.steps.some((result) => result.step === name)),
    "each step that is over has its result",
  );
}

/** What is made of an answer, or of its failure: the report says what the broker said. */
export function auditAnswer({ input, ...step }: AgentStep, was: Withdrawal, now: Withdrawal): void {
  const before = was.record;
  const after = now.record;
  const isTold = before.current === "hand-back" && was.asked;
  if (input.type === "withdrawAnswered" && isTold) {
    if (input.outcome.ok) auditTaken(was, now, input.outcome.value.leasesHandedBack);
    else auditNo(step, was, now, input.outcome);
  } else if (input.type === "enrolAnswered" && before.current === "hand-back" && !was.asked) {
    if (!input.outcome.ok) auditNo(step, was, now, input.outcome);
  } else if (input.type === "revocationProbed" && before.current === "revoke-key" && was.asked) {
    const lives = input.outcome.ok;
    assert(after.keyRevoked === (lives ? "deferred" : "confirmed"), "a key that still opens is not revoked");
    assert(resultOf(after, "revoke-key") === (lives ? "failed" : "done"), "the report says whether the key is dead");
    assert(placeOf(after.current) > placeOf("revoke-key"), "what was probed is over");
  } else if (["withdrawAnswered", "enrolAnswered", "revocationProbed"].includes(input.type)) {
    assert(after.keyRevoked === before.keyRevoked, "an answer that nobody waits for changes nothing");
    assert(now.brokerAttempts === was.brokerAttempts, "an answer that nobody waits for is no failure");
  }
}

function auditTaken({ record: before }: Withdrawal, { record: after }: Withdrawal, leases: number): void {
  assert(after.keyRevoked === "confirmed", "what the broker confirmed is confirmed");
  assert(after.leasesHandedBack === before.leasesHandedBack + leases, "the report counts what the broker took back");
  assert(after.leasesDeferred === 0, "nothing is put off that the broker took");
  const outcome = leases > 0 ? "done" : "nothing-to-do";
  assert(resultOf(after, "hand-back") === outcome, `the report says of the leases that this is ${outcome}`);
  assert(after.current === "revoke-key", "a revocation that was confirmed is probed");
  assert(resultOf(after, "revoke-key") === null, "what was not probed has no result");
}

function auditNo(
  { nowMs, before: core }: Pick<AgentStep, "nowMs" | "before" | "after">,
  was: Withdrawal,
  now: Withdrawal,
  { code, retriable }: BrokerFailure,
): void {
  const { record: after } = now;
  if (code === "revoked") return auditTaken(was, now, was.leasesTold);
  if (code === "unknown-agent" || code === "bad-join-token") {
    assert(after.keyRevoked === "no-key", "a broker that knows no agent has no key of it");
    for (const name of ["hand-back", "revoke-key"] as const)
      assert(resultOf(after, name) === "nothing-to-do", "there is nothing to tell a broker that knows nobody");
    return;
  }
  const attempts = was.brokerAttempts + 1;
  assert(now.brokerAttempts === attempts, "each failure is counted");
  const mayHelp = retriable || code === "fenced";
  if (code === "fenced" && core.enrolled) assert(!now.claimSent, "who enrols again claims its leases again");
  if (mayHelp && attempts < agentLimits.withdrawAttemptsMax) {
    if (after.current !== "hand-back") {
      assert(leftMs({ nowMs }, now, withdrawalShares.broker) <= 0, "while there is time, the broker is asked again");
      return;
    }
    assert(now.retryAtMs === nowMs + attempts * agentLimits.retryMsMin, "the waits between the attempts grow");
    return;
  }
  assert(after.keyRevoked === "deferred", "what nobody confirmed is left to the broker");
  assert(resultOf(after, "hand-back") === (mayHelp ? "deferred" : "failed"), "the report says what stood in the way");
}

function resultOf({ steps }: WithdrawalRecord, name: StepName): string | null {
  return steps.find(({ step }) => step === name)?.outcome ?? null;
}

function placeOf(name: StepName): number {
  return order.indexOf(name);
}
