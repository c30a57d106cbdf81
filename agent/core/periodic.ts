import { freeze, giveUpSnapshots, snapshotsSettled } from "./freeze.ts";
import { agentLimits } from "./limits.ts";
import { schedulePeriodic } from "./periodic-timer.ts";
import { spawnHeld } from "./sandbox-life.ts";
import type { Turn } from "./turn.ts";

/**
 * A checkpoint of running work now and then, so that a host that dies costs the job minutes and not everything.
 *
 * How: every sandbox is stopped by the very freeze that a pause uses, its directory is archived while nothing writes
 * to it, and all go on. A copy of a directory in use would be torn, and nothing would say so.
 * What it costs: all jobs of the host stand still while the slowest directory is archived, tens of milliseconds for
 * small ones; after `snapshotGiveUpMs`, or a quarter of the interval if that is less, the rest is given up until next
 * time. What it does not catch: memory. A job goes on from its files.
 * A pause, shutdown or withdrawal that comes meanwhile takes the freeze over, with what was saved in it.
 */
export function onPeriodicTimer(turn: Turn): void {
  const { core } = turn;
  // Whoever pauses or leaves holds a freeze.
  if (core.freeze !== null) return;
  if (!turn.leases().some((lease) => lease.stage === "running")) return;
  freeze(turn, { purpose: "periodic", trigger: "periodic checkpoint" });
  turn.setTimer("snapshot", {
    delayMs: Math.min(agentLimits.snapshotGiveUpMs, core.timing.checkpointIntervalMs / 4),
  });
}

/** Lets everything go on once the snapshots are saved. */
export function continuePeriodic(turn: Turn): void {
  const { core } = turn;
  if (core.freeze?.purpose !== "periodic" || !snapshotsSettled(turn)) return;
  const { triggeredAtMs } = core.freeze;
  core.freeze = null;
  turn.emit({ kind: "thawAll", trigger: "periodic checkpoint", triggeredAtMs, requestId: null });
  turn.clearTimer("snapshot");
  spawnHeld(turn);
  schedulePeriodic(turn);
}

/** Pauses share this timer; a shutdown and a withdrawal have their own, and clear it. */
export function onSnapshotTimer(turn: Turn): void {
  giveUpSnapshots(turn, "the time for the snapshot is over");
}
