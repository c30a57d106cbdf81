import type { AgentCore, HeldLease } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf, leaseBefore } from "./agent-step.ts";
import { isThere } from "./hand-back.ts";

/** What the next instance is to know of a lease is what this one knows. */
export function auditNotes(step: AgentStep): void {
  const notes = effectsOf(step, "remember");
  if (notes.length === 0) return;
  const noted = new Set<string>();
  for (const { note } of notes.toReversed()) {
    if (!note.key.startsWith("lease:") || noted.has(note.key)) continue;
    noted.add(note.key);
    const leaseId = note.key.slice("lease:".length);
    const lease = step.after.leases[leaseId];
    assert((note.value === null) === (lease === undefined), `${leaseId} is remembered for as long as it is held`);
    if (note.value === null || lease === undefined || !("epoch" in note.value)) continue;
    const { jobId, epoch, checkpoint, uploaded, report, spawnedInBoot } = note.value;
    assert(jobId === lease.jobId && epoch === lease.epoch, `${leaseId} is remembered by its names`);
    assert(spawnedInBoot === lease.spawnedInBoot, "and in which boot it was spawned");
    const wasSaved = isThere(lease.checkpoint);
    assert(checkpoint?.reference === lease.checkpoint?.reference, "and what was saved of it");
    assert(checkpoint?.generation === lease.checkpoint?.generation, "and when");
    assert(uploaded === wasSaved, "and whether the broker has that");
    assert(report === (lease.report?.kind === "complete" ? lease.report.body : null), "and its result");
  }
}

/** The broker hears of each lease how it stands, and of no slot that nobody may take. */
export function auditNamed(step: AgentStep): void {
  const { before, after } = step;
  for (const { request } of effectsOf(step, "heartbeat")) {
    // It may close, or open, in the same turn, after it was told.
    if (isClosed(before) && isClosed(after)) assert(request.slotsFree === 0, "who takes nothing has no room");
    for (const { leaseId, frozen, progress } of request.leases) {
      const lease = after.leases[leaseId];
      if (lease === undefined) continue;
      assert(progress === lease.progress, `${leaseId} has come as far as it has`);
      // It may begin to end in the same turn, after it was told of.
      const stood = isStill(before, leaseBefore(step, leaseId));
      assert(frozen === isStill(after, lease) || frozen === stood, `${leaseId} stands still or not`);
    }
  }
}

function isClosed({ pause, shutdown, withdrawal }: AgentCore): boolean {
  return pause !== null || shutdown !== null || withdrawal !== null;
}

function isStill({ freeze }: AgentCore, lease: HeldLease | null): boolean {
  return lease?.stage === "running" && freeze !== null && freeze.freezeMs !== null;
}
