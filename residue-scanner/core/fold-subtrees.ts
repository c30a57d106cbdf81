import type { Finding } from "../../protocol/residue-report.ts";

export interface FoldableFinding {
  readonly finding: Finding;
  /** One character a byte; null for what is not a file. */
  readonly path: string | null;
}

const examplesMax = 5;

/**
 * A directory that came (or went) with all that is in it is one finding, which counts its entries and names a few;
 * an entry that is somebody else's stays a finding of its own.
 *
 * @param unlisted how many more entries are below a directory (one character a byte) than there are findings of
 */
export function foldSubtrees(
  findings: readonly FoldableFinding[],
  unlisted: ReadonlyMap<string, number> = new Map(),
): FoldableFinding[] {
  const directories = new Map<string, Finding>();
  const inside = new Map<Finding, { count: number; examples: string[] }>();
  const kept: FoldableFinding[] = [];
  for (const { finding, path } of findings.toSorted((one, other) => compareText(one.path ?? "", other.path ?? ""))) {
    const top = path === null ? undefined : directories.get(path.slice(0, path.lastIndexOf("/")));
    const folds = top !== undefined && top.change === finding.change && top.attribution.to === finding.attribution.to;
    const isDirectory = (finding.after ?? finding.before)?.["kind"] === "directory";
    if (path !== null && isDirectory && finding.change !== "changed") directories.set(path, folds ? top : finding);
    const more = (path === null ? undefined : unlisted.get(path)) ?? 0;
    if (!folds) kept.push({ finding, path });
    if (!folds && more === 0) continue;
    const holder = folds ? top : finding;
    const entries = inside.get(holder) ?? { count: 0, examples: [] };
    entries.count += more + (folds ? 1 : 0);
    if (folds && entries.examples.length < examplesMax) entries.examples.push(finding.location);
    inside.set(holder, entries);
  }
  return kept.map(({ finding, path }) => ({ finding: withEntries(finding, inside.get(finding)), path }));
}

function withEntries(finding: Finding, entries: { count: number; examples: string[] } | undefined): Finding {
  if (entries === undefined) return finding;
  const side = finding.after === null ? "before" : "after";
  const added = { entriesBelow: entries.count, examplesBelow: entries.examples };
  const noun = entries.count === 1 ? "entry" : "entries";
  return {
    ...finding,
    subject: `${finding.subject} with ${entries.count} ${noun} below`,
    [side]: { ...finding[side], ...added },
  };
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
