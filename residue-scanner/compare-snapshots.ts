import type { ResidueReport } from "../protocol/residue-report.ts";
import { runNames } from "./core/run-names.ts";
import type { AttributionContext } from "./core/attribution-context.ts";
import { differencesBetween, type FileDifference } from "./core/difference.ts";
import { RecordedRun, type RecordingSource } from "./core/recorded-run.ts";
import type { Touch } from "./core/recording.ts";
import { reportOf } from "./core/report.ts";
import { programsRun } from "./core/run-programs.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { pathsToAskFor } from "./core/touched-paths.ts";
import { inspectFiles } from "./inspect-files.ts";
import { readUserNames } from "./user-names.ts";

/**
 * What is on the host that was not, or was different, and whose it is.
 *
 * Files that differ are looked at more closely on the spot (content, link target, who has them open) when `after` was
 * taken by this process; of a loaded snapshot only what it holds is known.
 *
 * @param options.recorder one that listened since before `before` was taken; without it whose a thing is can be told
 *   only by the marks that it bears
 */
export function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  context: AttributionContext,
  { recorder = null }: { readonly recorder?: RecordingSource | null | undefined } = {},
): ResidueReport {
  const differences = differencesBetween(before, after);
  const files = differences.list.filter((difference): difference is FileDifference => difference.surface === "files");
  const inspections = after.live ? inspectFiles(files, runNames(context)) : new Map();
  // The touches first: what happens meanwhile to those who did them is then in the recording.
  const touches = recorder?.touchesOf(pathsToAskFor(differences, before, after));
  const recorded = touches === undefined || recorder === null ? null : withPrograms(recorder, touches);
  return reportOf({ before, after, context, differences, inspections, recorded, userName: readUserNames() });
}

/** What was run need not differ: a script that is gone again did what it did. */
function withPrograms(recorder: RecordingSource, touches: ReadonlyMap<string, readonly Touch[]>): RecordedRun {
  const programs = recorder.touchesOf(programsRun(recorder.recording()).filter((path) => !touches.has(path)));
  // A recorder that failed meanwhile has answered nothing, and says so when it is asked again.
  return new RecordedRun(recorder.recording(), new Map([...touches, ...programs]));
}
