import { limits } from "../../foundation/limits.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import type { CheckerSettings } from "./checker.ts";

/** What the duties are measured by: the fleet's times, and what else they depend on, in milliseconds. */
export interface DutySettings extends Timing {
  /** The most that one message takes on its way. */
  readonly latencyMsMax: number;
  /** How many jobs an agent runs at once. */
  readonly slots: number;
  /** The most that a snapshot takes; Infinity where nobody knows how much the jobs write. */
  readonly snapshotMsMax: number;
  /** The most that the broker takes of one archive. */
  readonly checkpointBytesMax: number;
  /** So much of it crosses with one request. */
  readonly uploadChunkBytes: number;
}

/** What whoever answers takes for itself, its disk included. */
const answerMsMax = 250;

/** All duties of a run are told the same. */
const completed = new WeakMap<CheckerSettings, DutySettings>();

/** The settings of a checker as those of a duty; what is not told is as on one machine with the times of a fleet. */
export function dutySettings(settings: CheckerSettings): DutySettings {
  const known = completed.get(settings);
  if (known !== undefined) return known;
  const complete = {
    ...defaultTiming,
    latencyMsMax: 50,
    slots: 1,
    snapshotMsMax: Infinity,
    checkpointBytesMax: limits.checkpointBytesMax,
    uploadChunkBytes: limits.uploadChunkBytesMax,
    ...settings,
  };
  completed.set(settings, complete);
  return complete;
}

/** The most that passes between a question and its answer, in milliseconds. */
export function roundTripMs({ latencyMsMax }: DutySettings): number {
  return 2 * latencyMsMax + answerMsMax;
}

/** The most that an archive is on its way to the broker: what takes several chunks is asked about first, and its manifest follows it. */
export function uploadMs(settings: DutySettings, archiveBytes: number): number {
  const chunks = Math.max(1, Math.ceil(archiveBytes / settings.uploadChunkBytes));
  return (chunks === 1 ? 1 : chunks + 2) * roundTripMs(settings);
}
