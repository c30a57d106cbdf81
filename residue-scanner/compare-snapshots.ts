import type { ResidueReport } from "../protocol/residue-report.ts";
import { runNames } from "./core/attribution.ts";
import type { AttributionContext } from "./core/attribution-context.ts";
import { differencesBetween, type FileDifference } from "./core/difference.ts";
import { reportOf } from "./core/report.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { inspectFiles } from "./inspect-files.ts";
import { readUserNames } from "./user-names.ts";

/**
 * What is on the host that was not, or was different, and whose it is.
 *
 * Files that differ are looked at more closely on the spot (content, link target, who has them open) when `after` was
 * taken by this process; of a loaded snapshot only what it holds is known.
 */
export function compareSnapshots(before: Snapshot, after: Snapshot, context: AttributionContext): ResidueReport {
  const differences = differencesBetween(before, after);
  const files = differences.list.filter((difference): difference is FileDifference => difference.surface === "files");
  const inspections = after.live ? inspectFiles(files, runNames(context)) : new Map();
  return reportOf({ before, after, context, differences, inspections, userName: readUserNames() });
}
