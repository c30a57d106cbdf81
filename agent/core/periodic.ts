import { cooperate } from "./cooperation.ts";
import { freeze, giveUpSnapshots, snapshotsSettled } from "./freeze.ts";
import { schedulePeriodic } from "./periodic-timer.ts";
import { spawnHeld } from "./sandbox-life.ts";
import type { Turn } from "./turn.ts";

const trigger = "periodic checkpoint";

/**
 * A checkpoint of running work now and then, so that a host that dies costs the job minutes and not everything.
 *
 * How: every sandbox is stopped by the very freeze that a pause uses, its directory is archived while nothing writes
 * to it, and all go on. A copy of a directory in use would be torn, and nothing would say so.
 * What it costs: all jobs of the host stand still while the slowest directory is archived, tens of milliseconds for
 * small ones; after `snapshotGiveUpMs`, or a quarter of the interval if that is less, the rest is given up until next
 * time. What it does not catch: memory. A job goes on from its files; one that cooperates brings its memory into them
 * before the stop, for which it has a quarter of the interval at most.
 * A pause, shutdown or withdrawal that comes meanwhile takes the freeze over, with what was saved in it.
 */
export function onPeriodicTimer(turn: Turn): void {
  const { core } = turn;
  // Whoever pauses or leaves holds a freeze, or will in a moment.
  if (core.freeze !== null || core.cooperation !== null || core.shutdown !== null) return;
  if (!turn.leases().some((lease) => lease.stage === "running")) return;
  const waitMsMax = core.timing.checkpointIntervalMs / 4;
  if (cooperate(turn, { purpose: "periodic", trigger, waitMsMax })) return;
  freeze(turn, { purpose: "periodic", trigger });
}

/** Lets everything go on once the snapshots are saved. */
export function continuePeriodic(turn: Turn): void {
  const { core } = turn;
  if (core.freeze?.purpose !== "periodic" || !snapshotsSettled(turn)) return;
  const { triggeredAtMs } = core.freeze;
  core.freeze = null;
  turn.emit({ kind: "thawAll", trigger, triggeredAtMs, requestId: null });
  turn.clearTimer("snapshot");
  spawnHeld(turn);
  schedulePeriodic(turn);
}

/** Pauses share this timer; a shutdown and a withdrawal have their own, and clear it. */
export function onSnapshotTimer(turn: Turn): void {
  giveUpSnapshots(turn, "the time for the snapshot is over");
}
