import type { ResidueReport } from "../protocol/residue-report.ts";
import { runNames } from "./core/run-names.ts";
import type { AttributionContext } from "./core/attribution-context.ts";
import { differencesBetween, type FileDifference } from "./core/difference.ts";
import { RecordedRun, type RecordingSource } from "./core/recorded-run.ts";
import { reportOf } from "./core/report.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { pathsToAskFor } from "./core/touched-paths.ts";
import { inTurns } from "./in-turns.ts";
import { inspectFiles } from "./inspect-files.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { readUserNames } from "./user-names.ts";

export interface CompareOptions {
  /**
   * One that listened since before `before` was taken; without it whose a thing is can be told only by the marks that it
   * bears.
   */
  readonly recorder?: RecordingSource | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What is on the host that was not, or was different, and whose it is.
 *
 * Files that differ are looked at more closely on the spot (content, link target, who has them open) when `after` was
 * taken by this process; of a loaded snapshot only what it holds is known. All of it is done in short turns, between
 * which timers run and signals are heard.
 *
 * @throws the signal's reason when it aborts
 */
export async function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  context: AttributionContext,
  { recorder = null, signal }: CompareOptions = {},
): Promise<ResidueReport> {
  const differences = await inTurns(differencesBetween(before, after), signal);
  const files = differences.list.filter((difference): difference is FileDifference => difference.surface === "files");
  const inspections = after.live ? await inTurns(inspectFiles(files, runNames(context)), signal) : new Map();
  const recorded =
    recorder === null ? null : await askRecorder(recorder, pathsToAskFor(differences, before, after), signal);
  const report = reportOf({ before, after, context, differences, inspections, recorded, userName: readUserNames() });
  return await inTurns(report, signal);
}

/**
 * What was run is asked for, too, and need not differ: a script that is gone again did what it did. The recording comes
 * last: those who did all that are in it, and a recorder that failed meanwhile has answered nothing, and says so.
 */
async function askRecorder(
  recorder: RecordingSource,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<RecordedRun> {
  const touches = await unlessAborted(recorder.askTouches(paths), signal);
  const programs = await unlessAborted(recorder.askPrograms(), signal);
  const unasked = programs.filter((path) => !touches.has(path));
  const ofPrograms = await unlessAborted(recorder.askTouches(unasked), signal);
  const recording = await unlessAborted(recorder.askRecording(), signal);
  return new RecordedRun(recording, new Map([...touches, ...ofPrograms]));
}
