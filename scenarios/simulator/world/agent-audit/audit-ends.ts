import type { AgentInput } from "../../../../agent/core/input.ts";
import type { HeldLease } from "../../../../agent/core/state.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import { isTerminalExecution } from "../../../../protocol/execution-states.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { assertEmptied } from "./emptied.ts";
import { assertWoken } from "./outbox.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/** A job ends as it ended, and leaves its place empty before the next one has it. */
export function auditEnds(step: AgentStep): void {
  const { input } = step;
  if (input.type === "sandboxExited") auditExited(step, input);
  else if (input.type === "sandboxTerminated") auditTerminated(step, input);
  else if (input.type === "sandboxWiped") auditWiped(step, input);
  else if (input.type === "straysEnded") auditStrays(step, input);
}

/** The job ended by itself: its end is what it is, and what it left running goes with it. */
function auditExited(step: AgentStep, { leaseId, reason, progress, result, resultProblem }: Of<"sandboxExited">): void {
  const was = leaseBefore(step, leaseId);
  const now = step.after.leases[leaseId];
  if (was?.stage !== "running") {
    assert(now?.exit === was?.exit || now === undefined, "who was to end ends as it was to");
    assert(now?.report === was?.report || now === undefined, "and no result is made of that");
    return;
  }
  const isDone = reason.by === "itself" && reason.exitCode === 0 && resultProblem === null;
  assert(now?.stage === "ending" && now.endInFlight, "what it left running is ended");
  assert(now.savingGeneration === null, "and not saved any more");
  if (now.stop === null) assert(effectsOf(step, "terminateSandbox").length > 0, "at once");
  if (now.report === null) return;
  assert(now.report.kind === "complete", "what ended by itself is not given back");
  const { body } = now.report;
  assert(body.outcome === (isDone ? "completed" : "failed"), "a job is done that says so, and leaves what it owes");
  assert((body.error === undefined) === isDone, "and why it is not");
  assert((now.exit?.error === null) === isDone && now.exit?.reason === reason, "as it ended");
  assert(body.epoch === was.epoch && body.result === (result ?? undefined), "with what it made");
  assert(body.progress === Math.max(was.progress, progress) && now.progress === body.progress, "as far as it came");
}

function auditTerminated(step: AgentStep, { leaseId, terminated, left }: Of<"sandboxTerminated">): void {
  const { before, after } = step;
  const was = leaseBefore(step, leaseId);
  const now = after.leases[leaseId];
  if (was === null || (was.stage !== "ending" && was.stage !== "broken")) {
    assert(now === undefined || now.stage === was?.stage, "what has ended does not end again");
    return;
  }
  if (before.withdrawal !== null) {
    const counted = (after.withdrawal?.record.processesTerminated ?? 0) - before.withdrawal.record.processesTerminated;
    assert(counted === terminated, "a withdrawal counts whom it ended");
  }
  const isToldEnd = effectsOf(step, "terminateSandbox").some((effect) => effect.leaseId === leaseId);
  if (left.length > 0) {
    assert(now?.stage === "broken" && now.endInFlight === isToldEnd, "the slot of what cannot be killed is broken");
    const said = effectsOf(step, "log").some(({ message }) => left.every(({ pid }) => message.includes(`${pid}`)));
    assert(said, "its owner is told who that is");
    return;
  }
  assertEnded(step, was, now);
}

/** Written down first; then told, and its place emptied. */
function assertEnded(step: AgentStep, was: HeldLease, now: HeldLease | undefined): void {
  const { leaseId } = was;
  const { effects } = step;
  const noted = effects.findIndex((effect) => effect.kind === "remember" && effect.note.key === `lease:${leaseId}`);
  const told = effects.findIndex(
    (effect) =>
      (effect.kind === "wipeSandbox" && effect.leaseId === leaseId) ||
      (effect.kind === "complete" && effect.leaseId === leaseId),
  );
  assert(noted >= 0 && (told < 0 || noted < told), "how it ended is on the disk before anybody hears of it");
  assertEmptied(step, was, now);
  if (now === undefined) return;
  assert(now.spawnedInBoot === null && !now.endInFlight, "what has ended brings nobody down");
  assert(isTerminalExecution(now.execution), `${leaseId} has ended`);
  const isKilled = was.execution === "killing";
  assert((now.execution === "killed") === isKilled, "who was stopped was killed, and nobody else");
  if (!isKilled) {
    assert((now.execution === "completed") === (was.exit?.error === null), "who ended by itself is done, or failed");
  }
  const last = step.after.endedExecutions.find((one) => one.leaseId === leaseId);
  assert(last?.execution === now.execution, "and its owner can see that");
}

/** The place is empty: the slot is free, and what is left is for the broker to hear, if anything is. */
function auditWiped(step: AgentStep, { leaseId }: Of<"sandboxWiped">): void {
  const was = present(leaseBefore(step, leaseId), "what is emptied is held");
  const now = step.after.leases[leaseId];
  assertWoken(step, "a slot is free");
  if (was.stop?.after === "part") assert(now === undefined || now.stage === "parted", "it is told with all others");
  else if (was.report === null) assert(now === undefined, `nothing of ${leaseId} is left to do`);
  else if (step.after.withdrawal === null && step.after.shutdown === null)
    assert(now?.stage === "reporting", `${leaseId} is left to report`);
}

/** A look over the whole host that saw nobody alive saw that what could not be killed has ended. */
function auditStrays(step: AgentStep, { left }: Of<"straysEnded">): void {
  const { before, after } = step;
  if (before.withdrawal?.record.current !== "terminate" || !before.withdrawal.asked) return;
  for (const was of before.leaseList) {
    const now = after.leases[was.leaseId];
    if (was.stage === "broken" && left.length === 0) assertEnded(step, was, now);
    else assert(now?.stage === was.stage, "and ends nobody else");
  }
}
