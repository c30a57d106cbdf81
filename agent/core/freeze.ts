import { endCooperation } from "./cooperation-end.ts";
import { limits } from "../../foundation/limits.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { AgentInput } from "./input.ts";
import { isBusy, leaseNote } from "./lease-facts.ts";
import { agentLimits } from "./limits.ts";
import type { Freeze, HeldLease, LeaseStage } from "./state.ts";
import type { Turn } from "./turn.ts";
import { startUpload } from "./upload.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/**
 * Stops every sandbox. Callers make this their first effect: nothing may come between the trigger and the stop
 * (WC-11). A freeze that is in force is taken over with its checkpoints, and carried out again: a second call is no
 * no-op when the first got stuck.
 */
export function freeze(
  turn: Turn,
  {
    purpose,
    trigger,
    triggeredAtMs = turn.nowMs,
  }: Pick<Freeze, "purpose" | "trigger"> & Partial<Pick<Freeze, "triggeredAtMs">>,
): void {
  const { core } = turn;
  if (core.freeze === null) core.freezeGeneration += 1;
  const generation = core.freezeGeneration;
  core.freeze = {
    generation,
    purpose,
    trigger,
    triggeredAtMs,
    freezeMs: null,
    frozenAtMs: null,
    sandboxes: 0,
  };
  turn.emit({ kind: "freezeAll", generation, triggeredAtMs });
  endCooperation(turn);
  if (purpose !== "periodic") return;
  turn.setTimer("snapshot", {
    delayMs: Math.min(agentLimits.snapshotGiveUpMs, core.timing.checkpointIntervalMs / 4),
  });
}

/** A sandbox came up while a freeze is in force: it is stopped too, and the freeze has taken as long as that. */
export function freezeLatecomer(turn: Turn): void {
  const { freeze: inForce } = turn.core;
  if (inForce === null) return;
  sometimes("a sandbox came up in a freeze");
  turn.emit({ kind: "freezeAll", generation: inForce.generation, triggeredAtMs: inForce.triggeredAtMs });
}

export function onFrozen(turn: Turn, input: Of<"frozen">): void {
  const { core } = turn;
  if (core.freeze === null || core.freeze.generation !== input.generation) return;
  core.freeze.freezeMs = input.freezeMs;
  // A latecomer's stop holds up nothing: whoever came meanwhile was heard.
  core.freeze.frozenAtMs ??= turn.nowMs;
  core.freeze.sandboxes = turn.leases().filter((lease) => lease.stage === "running").length;
  const { trigger, sandboxes } = core.freeze;
  turn.record("agent.frozen", { trigger, freezeMs: input.freezeMs, sandboxes, processes: input.processes });
  if (input.running.length > 0) {
    const names = input.running.map(({ pid, command }) => `${pid} (${command})`).join(", ");
    turn.log("error", `These processes could not be stopped: ${names}`);
  }
}

/** Asks for each snapshot that the freeze in force is to have and has not. */
export function requestSnapshots(turn: Turn): void {
  const { freeze: inForce } = turn.core;
  if (inForce === null || inForce.freezeMs === null) return;
  const { generation } = inForce;
  for (const lease of turn.leases()) {
    if (!wantsSnapshot(lease, inForce) || lease.savingGeneration === generation) continue;
    lease.savingGeneration = generation;
    const { leaseId, jobId, epoch } = lease;
    turn.emit({
      kind: "saveCheckpoint",
      leaseId,
      jobId,
      epoch,
      generation,
      cooperative: cooperated(lease, generation),
    });
  }
}

/** Whether every sandbox is stopped, and its snapshot saved or given up. */
export function snapshotsSettled(turn: Turn): boolean {
  const { core } = turn;
  if (core.freeze === null) return !isBusy(core);
  if (core.freeze.freezeMs === null) return false;
  const { freeze: inForce } = core;
  const coming: readonly LeaseStage[] = isForLeaving(inForce) ? ["accepting", "preparing", "spawning"] : ["spawning"];
  return turn.leases().every((lease) => !coming.includes(lease.stage) && !wantsSnapshot(lease, inForce));
}

/** The time for snapshots is over: those that are missing are given up, and each is named. */
export function giveUpSnapshots(turn: Turn, reason: string): void {
  const { core } = turn;
  const { freeze: freezeInForce } = core;
  if (freezeInForce === null) return;
  const { generation, trigger } = freezeInForce;
  for (const lease of turn.leases()) {
    if (!wantsSnapshot(lease, freezeInForce)) continue;
    sometimes("a snapshot was given up for want of time");
    fail(turn, lease, { generation, trigger, reason });
  }
}

export function onCheckpointSaved(turn: Turn, input: Of<"checkpointSaved">): void {
  const { core } = turn;
  const { leaseId, generation, content, durationMs } = input;
  const lease = core.leases[leaseId];
  if (lease?.savingGeneration === generation) lease.savingGeneration = null;
  if (lease === undefined || core.freeze?.generation !== generation || !isQuiet(lease)) {
    // The sandbox ran again, or ended, while this was being written: it may be torn.
    sometimes("a checkpoint was ready after its freeze was over");
    turn.emit({ kind: "discardCheckpoint", leaseId, generation });
    return;
  }
  const before = lease.checkpoint;
  const number = Math.min((before?.reference.number ?? 0) + 1, limits.checkpointNumberMax);
  const reference = { ...content, number };
  lease.checkpoint = { reference, generation, upload: "waiting" };
  lease.progress = reference.progress;
  const { jobId, epoch } = lease;
  const cooperative = cooperated(lease, generation);
  turn.record("agent.checkpoint", {
    jobId,
    leaseId,
    epoch,
    checkpoint: reference,
    trigger: core.freeze.trigger,
    durationMs,
    ...(cooperative === null ? {} : { cooperative }),
  });
  turn.remember({ key: `lease:${leaseId}`, value: leaseNote(lease) });
  if (before !== null && before.generation > 0) {
    turn.emit({ kind: "discardCheckpoint", leaseId, generation: before.generation });
  }
  startUpload(turn, lease);
}

export function onCheckpointFailed(turn: Turn, { leaseId, generation, reason }: Of<"checkpointFailed">): void {
  const { core } = turn;
  const lease = core.leases[leaseId];
  if (lease?.savingGeneration === generation) lease.savingGeneration = null;
  if (lease !== undefined && core.freeze?.generation === generation && wantsSnapshot(lease, core.freeze)) {
    sometimes("a checkpoint could not be written");
    fail(turn, lease, { generation, trigger: core.freeze.trigger, reason });
  }
}

/**
 * Every running sandbox wants one. One that was never started has nothing to lose, but whoever leaves hands its empty
 * (or restored) directory back like any other, so that the next holder knows where the job stands.
 */
function wantsSnapshot(lease: HeldLease, inForce: Freeze): boolean {
  if (lease.failedGeneration === inForce.generation) return false;
  if (lease.stage === "held") return isForLeaving(inForce) && lease.checkpoint === null;
  return lease.stage === "running" && lease.checkpoint?.generation !== inForce.generation;
}

function isForLeaving({ purpose }: Freeze): boolean {
  return purpose === "withdraw" || purpose === "shutdown";
}

/** Whether a job that cooperates had put its files in order before that freeze; null for any other job. */
function cooperated({ job, readyGeneration }: HeldLease, generation: number): boolean | null {
  return job?.checkpoint?.cooperative === undefined ? null : readyGeneration === generation;
}

/** Whether nothing writes to its directory while a freeze is in force. */
function isQuiet({ stage }: HeldLease): boolean {
  return stage === "running" || stage === "held";
}

function fail(
  turn: Turn,
  lease: HeldLease,
  { generation, trigger, reason }: { generation: number; trigger: string; reason: string },
): void {
  const { jobId, leaseId, epoch } = lease;
  lease.failedGeneration = generation;
  lease.snapshotFailure = reason;
  turn.record("agent.checkpoint-failed", { jobId, leaseId, epoch, trigger, reason });
  turn.log("warn", `No checkpoint of ${jobId}: ${reason}`);
}
