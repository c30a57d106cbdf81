import type { AgentInput } from "../../../../agent/core/input.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { assertWoken, assertWaits } from "./outbox.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/** What was saved is brought to the broker once, and told until the broker has heard whose it is. */
export function auditUploads(step: AgentStep): void {
  const { input } = step;
  auditBegun(step);
  if (input.type === "progressAnswered") auditTold(step, input);
  else if (input.type === "uploadAnswered") auditUploaded(step, input);
  else if (input.type === "heartbeatAnswered" && input.outcome.ok) auditResumed(step);
}

function auditBegun(step: AgentStep): void {
  for (const { leaseId, generation, reference } of effectsOf(step, "uploadCheckpoint")) {
    const lease = step.after.leases[leaseId];
    if (lease === undefined && leaseBefore(step, leaseId)?.stage === "reporting") continue;
    const checkpoint = lease?.checkpoint;
    assert(checkpoint?.upload === "inFlight", "what is brought to the broker is on its way");
    assert(checkpoint.generation === generation && checkpoint.reference === reference, "it is the latest");
    const was = leaseBefore(step, leaseId)?.checkpoint;
    assert(was?.generation !== generation || ["waiting", "untold"].includes(was.upload), "it is brought there once");
  }
}

function auditUploaded(step: AgentStep, { leaseId, generation, outcome }: Of<"uploadAnswered">): void {
  const { before, after } = step;
  const was = leaseBefore(step, leaseId);
  const now = after.leases[leaseId];
  const told = effectsOf(step, "reportProgress");
  const dropped = effectsOf(step, "discardCheckpoint");
  if (was?.checkpoint?.generation !== generation || was.checkpoint.upload !== "inFlight") {
    assert(now?.checkpoint?.upload === was?.checkpoint?.upload, "of what is no longer there nothing is to be told");
    assert(told.length === 0 && dropped.length === 0, "and nothing comes of it");
    return;
  }
  const { upload, reference } = present(now?.checkpoint, "it stays what it was, whoever has it");
  const isLeaving = before.shutdown !== null || before.withdrawal !== null;
  const isUnheard = !outcome.ok && (outcome.retriable || (outcome.code === "fenced" && !isLeaving));
  const isGoneBack = before.withdrawal === null && after.withdrawal === null && was.report?.kind === "return";
  if (outcome.ok) assert(upload === "done", "what the broker has is there");
  else assert(upload === (isUnheard ? "waiting" : "refused"), "what the broker has not waits, or was refused for good");
  const isTold = told.some((one) => one.leaseId === leaseId && one.checkpoint === reference);
  assert(isTold === (outcome.ok && was.report === null), "the broker is told at once of what it has, or by a report");
  const isDamaged = !outcome.ok && !isUnheard && outcome.code === "damaged-checkpoint";
  assert(dropped.length === (isDamaged ? 1 : 0), "what has rotted goes, and nothing else");
  if (was.report?.kind !== "return") {
    assert(after.outboxWaits === before.outboxWaits, "nothing waits for it that is to be told");
    assert(now?.claimed === was.claimed, "and it stays whose it is");
  }
  if (!isGoneBack || now?.stage === "parted") return;
  if (!isUnheard) assert(now?.reportInFlight === now?.claimed, `${leaseId} goes back now`);
  else if (!outcome.ok && outcome.retriable) assertWaits(step);
  else {
    assert(now?.claimed === false, "what is fenced is claimed anew");
    assertWoken(step, "an upload was fenced");
  }
}

/** What the broker did not hear of is told again, unless it will never take it, or something newer took its place. */
function auditTold(step: AgentStep, input: Of<"progressAnswered">): void {
  const { leaseId, generation, outcome } = input;
  const was = leaseBefore(step, leaseId)?.checkpoint;
  const now = step.after.leases[leaseId]?.checkpoint;
  if (was?.generation !== generation || was.upload !== "done" || now?.generation !== generation) return;
  const { shutdown, withdrawal } = step.before;
  const isUnheeded = !outcome.ok && outcome.code === "fenced" && shutdown === null && withdrawal === null;
  const again = !outcome.ok && (outcome.retriable || outcome.code === "unknown-checkpoint" || isUnheeded);
  assert(now.upload === (again ? "untold" : "done"), "what the broker did not hear of is told again");
}

/** The broker answers: what did not get there goes on, of all that this instance runs and of nothing else. */
function auditResumed(step: AgentStep): void {
  const { before, after } = step;
  const isLeaving = before.shutdown !== null || before.withdrawal !== null;
  if (!isLeaving) {
    for (const { leaseId, stage, claimed, checkpoint } of after.leaseList) {
      if (stage !== "running" || !claimed) continue;
      assert(checkpoint?.upload !== "waiting", `what was saved of ${leaseId} goes on to the broker`);
    }
  }
  // A withdrawal that has just named what it inherited brings everything there, once.
  if (before.withdrawal?.reportsSent === false && after.withdrawal?.reportsSent === true) return;
  for (const { leaseId } of effectsOf(step, "uploadCheckpoint")) {
    const lease = after.leases[leaseId];
    if (lease === undefined) continue;
    const { claimed, stage, report } = lease;
    const isWanted = report?.kind === "return" || (!isLeaving && stage === "running");
    assert(claimed && isWanted, `nobody waits for what was saved of ${leaseId}`);
  }
}
