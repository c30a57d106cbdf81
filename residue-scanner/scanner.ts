/** The scanner as a library. */
export { compareSnapshots } from "./compare-snapshots.ts";
export type { AttributionContext, OtherRun, RunRole } from "./core/attribution-context.ts";
export type { Snapshot } from "./core/snapshot.ts";
export { exitCodeForVerdict } from "./core/verdict.ts";
export { type SettleOptions, settleAndCompare } from "./settle.ts";
export { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";
export { type SnapshotOptions, takeSnapshot } from "./take-snapshot.ts";
export {
  type Recorder,
  type RecorderNews,
  type RecorderOptions,
  startRecorder,
  type WatchedTouch,
} from "./watch/recorder.ts";
