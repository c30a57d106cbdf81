import type { Finding } from "../../protocol/residue-report.ts";
import type { Judged } from "./excuse.ts";

/** What becomes one finding: a difference, and those below it that it tells of. */
export interface Folded {
  readonly top: Judged;
  readonly below: EntriesBelow | null;
}

interface EntriesBelow {
  count: number;
  readonly examples: Judged[];
}

export const examplesMax = 5;

/**
 * A directory that came (or went) with all that is in it is one finding, which counts its entries and names a few;
 * an entry that is somebody else's stays a finding of its own.
 *
 * What is folded away is never put into words: of 20,000 entries these would take more room than all else of a report.
 *
 * @param unlisted how many more entries are below a directory (one character a byte) than there are differences of
 */
export function foldSubtrees(
  judged: readonly Judged[],
  unlisted: ReadonlyMap<string, number> = new Map(),
): readonly Folded[] {
  const directories = new Map<string, Judged>();
  const inside = new Map<Judged, EntriesBelow>();
  const kept: Judged[] = [];
  for (const one of judged.toSorted((first, second) => compareText(pathOf(first) ?? "", pathOf(second) ?? ""))) {
    const path = pathOf(one);
    const top = path === null ? undefined : directories.get(path.slice(0, path.lastIndexOf("/")));
    const folds = top !== undefined && isToldWith(one, top);
    if (path !== null && isMoved(one)) directories.set(path, folds ? top : one);
    const more = (path === null ? undefined : unlisted.get(path)) ?? 0;
    if (!folds) kept.push(one);
    if (!folds && more === 0) continue;
    const holder = folds ? top : one;
    const entries = inside.get(holder) ?? { count: 0, examples: [] };
    entries.count += more + (folds ? 1 : 0);
    if (folds && entries.examples.length < examplesMax) entries.examples.push(one);
    inside.set(holder, entries);
  }
  return kept.map((top) => ({ top, below: inside.get(top) ?? null }));
}

/** A finding in words, with what it tells of below it. */
export function withEntries(finding: Finding, count: number, examplesBelow: string[]): Finding {
  const side = finding.after === null ? "before" : "after";
  const added = { entriesBelow: count, examplesBelow };
  const noun = count === 1 ? "entry" : "entries";
  return {
    ...finding,
    subject: `${finding.subject} with ${count} ${noun} below`,
    [side]: { ...finding[side], ...added },
  };
}

/** One character a byte; null for what is no file. */
export function pathOf({ difference }: Judged): string | null {
  return difference.surface === "files" ? difference.key : null;
}

function isToldWith(one: Judged, top: Judged): boolean {
  return top.difference.change === one.difference.change && top.attribution.to === one.attribution.to;
}

/** A directory that came, or went. */
function isMoved({ difference }: Judged): boolean {
  if (difference.surface !== "files" || difference.change === "changed") return false;
  return (difference.after ?? difference.before)?.kind === "directory";
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
