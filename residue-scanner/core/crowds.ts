import type { AttributionTarget } from "../../protocol/residue-report.ts";
import type { Difference } from "./difference.ts";
import type { TreeCrowd } from "./tree-diff.ts";

/** What was not listed, by the listed directory that tells of it. */
export interface Crowds {
  /** Directory that came or went (one character a byte) → how many entries below it are not listed. */
  readonly below: ReadonlyMap<string, number>;
  /** Entries that no directory tells of: they may be anybody's. */
  readonly untold: readonly TreeCrowd[];
}

interface Top {
  readonly difference: Difference;
  /** Whose the directory is, and whose is what is listed of it. */
  readonly whose: Set<AttributionTarget>;
}

/**
 * What lies in a directory that came (or went) came with it; of others see `crowded-directories.ts`. A directory that is told tells of what is not listed, too,
 * if all that is listed of it is one party's: where several were at work, nobody knows whose the rest is. Nor where it is
 * excused: the job may have put one thing among all that somebody else did.
 *
 * @param isTold whether a difference is a finding
 */
export function tellCrowds(
  crowds: readonly TreeCrowd[],
  judged: readonly { readonly difference: Difference; readonly attribution: { readonly to: AttributionTarget } }[],
  isTold: (difference: Difference) => boolean,
): Crowds {
  if (crowds.length === 0) return { below: new Map(), untold: [] };
  const tops = topDirectories(judged);
  const below = new Map<string, number>();
  const untold: TreeCrowd[] = [];
  for (const crowd of crowds) {
    const { directory, change, count } = crowd;
    if (crowd.isOlder) continue;
    const top = nearest(directory, tops);
    if (top === undefined || top.difference.change !== change || top.whose.size > 1 || !isTold(top.difference))
      untold.push(crowd);
    else below.set(top.difference.key, (below.get(top.difference.key) ?? 0) + count);
  }
  return { below, untold };
}

/** Every listed directory that came or went → the uppermost one that came or went with it. */
function topDirectories(judged: Parameters<typeof tellCrowds>[1]): Map<string, Top> {
  const tops = new Map<string, Top>();
  const files = judged.filter(({ difference }) => difference.surface === "files" && difference.change !== "changed");
  // A directory comes before what is in it.
  for (const { difference, attribution } of files.toSorted(
    (one, other) => one.difference.key.length - other.difference.key.length,
  )) {
    const { key, change } = difference;
    const upper = tops.get(parentOf(key));
    const together = upper?.difference.change === change ? upper : undefined;
    together?.whose.add(attribution.to);
    if (kindOf(difference) === "directory") tops.set(key, together ?? { difference, whose: new Set([attribution.to]) });
  }
  return tops;
}

function kindOf(difference: Difference): string | undefined {
  return difference.surface === "files" ? (difference.after ?? difference.before)?.kind : undefined;
}

function nearest(directory: string, tops: ReadonlyMap<string, Top>): Top | undefined {
  for (let path = directory; path !== ""; path = parentOf(path)) {
    const top = tops.get(path);
    if (top !== undefined) return top;
  }
  return undefined;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
