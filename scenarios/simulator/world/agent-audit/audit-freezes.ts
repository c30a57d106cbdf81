import type { Freeze, HeldLease } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";

/** Freezes and their snapshots: what stands still is saved once, and what was saved while it moved is thrown away. */
export function auditFreezes(step: AgentStep): void {
  const { after, before, input } = step;
  for (const { generation } of effectsOf(step, "freezeAll"))
    assert(generation === after.freezeGeneration, "what is stopped is stopped for the freeze in force");
  if (after.freeze !== null && before.freeze !== null && after.freeze.generation !== before.freeze.generation)
    assert(effectsOf(step, "thawAll").length > 0, "a freeze in force is taken over, with its checkpoints");
  for (const { leaseId, generation } of effectsOf(step, "saveCheckpoint")) {
    assert(after.freeze !== null && after.freeze.freezeMs !== null, "nothing is saved before it stands still");
    assert(generation === after.freeze.generation, "a snapshot belongs to the freeze in force");
    assert(leaseBefore(step, leaseId)?.savingGeneration !== generation, "a snapshot is taken once in a freeze");
  }
  if (after.freeze !== null && after.freeze.freezeMs !== null) auditSnapshots(step, after.freeze);
  if (input.type === "frozen") auditFrozen(step, input);
  if (input.type === "checkpointSaved") auditSaved(step, input);
  if (input.type === "checkpointFailed") auditFailed(step, input);
}

/** Whoever runs in a freeze has its checkpoint, is being saved, or was given up. */
function auditSnapshots({ after }: AgentStep, { generation }: Freeze): void {
  for (const { leaseId, stage, checkpoint, savingGeneration, failedGeneration } of after.leaseList) {
    if (stage !== "running") continue;
    const isSettled = checkpoint?.generation === generation || failedGeneration === generation;
    assert(isSettled || savingGeneration === generation, `${leaseId} stands still and is not saved`);
  }
}

function auditFrozen(step: AgentStep, input: Extract<AgentStep["input"], { type: "frozen" }>): void {
  const { after, before, nowMs } = step;
  const told = effectsOf(step, "record").filter(({ type }) => type === "agent.frozen");
  const isInForce = before.freeze?.generation === input.generation;
  assert(told.length === (isInForce ? 1 : 0), "a freeze is told that is in force");
  const isKnown = input.running.length > 0 && isInForce;
  const complaints = effectsOf(step, "log").filter(({ level }) => level === "error");
  assert(complaints.length > 0 === isKnown, "the owner hears of what could not be stopped");
  if (!isInForce || after.freeze === null || after.freeze.generation !== input.generation) return;
  assert(after.freeze.freezeMs === input.freezeMs, "a freeze took as long as it took");
  assert(after.freeze.frozenAtMs === (before.freeze?.frozenAtMs ?? nowMs), "a latecomer holds up nothing");
}

function auditSaved(step: AgentStep, input: Extract<AgentStep["input"], { type: "checkpointSaved" }>): void {
  const { leaseId, generation, content } = input;
  const was = leaseBefore(step, leaseId);
  const now = step.after.leases[leaseId];
  const stands = was !== null && (was.stage === "running" || was.stage === "held");
  const counts = stands && step.before.freeze?.generation === generation;
  const discarded = effectsOf(step, "discardCheckpoint").filter((effect) => effect.leaseId === leaseId);
  const told = effectsOf(step, "record").find(({ type }) => type === "agent.checkpoint");
  assert((told !== undefined) === counts, "a checkpoint counts when nothing moved while it was taken");
  assert(discarded.some((one) => one.generation === generation) === !counts, "a torn checkpoint is thrown away");
  const isSaving = was?.savingGeneration === generation && now?.savingGeneration === generation;
  assert(!isSaving, "what was saved is not being saved any more");
  if (!counts || now === undefined) return;
  const older = was.checkpoint !== null && was.checkpoint.generation > 0;
  assert(discarded.length === (older ? 1 : 0), "an older checkpoint of this host makes way for the new one");
  assert(now.checkpoint?.generation === generation, "the newest checkpoint is the one that counts");
  assert(now.progress === content.progress, "progress is what the checkpoint holds");
  const noted = effectsOf(step, "remember").some(
    ({ note }) => note.key === `lease:${leaseId}` && isNoteOf(note.value, generation),
  );
  assert(noted, "the next instance finds the checkpoint");
  assert(was.savingGeneration !== generation || now.savingGeneration === null, "what was saved is not being saved");
  auditCooperative(was, told?.data, generation);
}

function auditCooperative({ job, readyGeneration }: HeldLease, data: unknown, generation: number): void {
  const said = (data as { cooperative?: boolean }).cooperative;
  const wants = job?.checkpoint?.cooperative !== undefined;
  assert(said === (wants ? readyGeneration === generation : undefined), "a checkpoint says whether its job was ready");
}

function auditFailed(step: AgentStep, input: Extract<AgentStep["input"], { type: "checkpointFailed" }>): void {
  const { leaseId, generation } = input;
  const was = leaseBefore(step, leaseId);
  const now = step.after.leases[leaseId];
  if (was === null || now === undefined) return;
  assert(now.savingGeneration !== generation || was.savingGeneration !== generation, "what failed is not being saved");
  const isMissed = was.stage === "running" && was.checkpoint?.generation !== generation;
  if (step.before.freeze?.generation !== generation || !isMissed) return;
  assert(now.failedGeneration === generation, "a freeze whose snapshot failed does not wait for it");
}

function isNoteOf(value: unknown, generation: number): boolean {
  return (value as { checkpoint: { generation: number } | null } | null)?.checkpoint?.generation === generation;
}
