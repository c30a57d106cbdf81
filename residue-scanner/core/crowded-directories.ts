import type { Evidence, Finding } from "../../protocol/residue-report.ts";
import type { ExcusedTally } from "./excuse.ts";
import type { FoldableFinding } from "./fold-subtrees.ts";
import { foreignProcess } from "./noise-rules.ts";
import { shellPath, showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import { pathOfEntries } from "./touched-paths.ts";
import type { RecordedEvidence } from "./recorded-evidence.ts";
import type { TreeCrowd } from "./tree-diff.ts";

/** What came to a directory that was there before (or went from it, or changed in it) and is not listed, and whose it is. */
export interface Crowd extends TreeCrowd {
  readonly attribution: Attribution;
}

const examplesMax = 5;

/**
 * Whose the entries are that are more than are listed, in directories that were there before and still are: whoever
 * changed the entries of the directory brought them, or took them away. What only others brought is excused. Of those that
 * changed, whoever touched any by its name did; where only others were seen, one may still have been the run's that was
 * touched by another name: that is neither told nor excused.
 */
export function attributeCrowds(
  crowds: readonly TreeCrowd[],
  { recorded, excused }: { recorded: RecordedEvidence | null; excused: ExcusedTally },
): { readonly told: Crowd[]; readonly untold: TreeCrowd[] } {
  const told: Crowd[] = [];
  const untold: TreeCrowd[] = [];
  for (const crowd of crowds.filter(({ isOlder }) => isOlder)) {
    const attribution = whoseIs(crowd, recorded);
    if (attribution.to !== "background") told.push({ ...crowd, attribution });
    else if (crowd.change === "changed") untold.push(crowd);
    else {
      const why = attribution.evidence[0]?.detail ?? "";
      excused.add(foreignProcess, `${crowd.count} entries of ${showPath(crowd.directory)} (${why})`);
    }
  }
  return { told, untold };
}

const whenWords: Readonly<Record<TreeCrowd["change"], string>> = {
  appeared: "they came after the baseline",
  vanished: "they were there at the baseline and are gone",
  changed: "they changed after the baseline",
};

function whoseIs({ directory, change }: TreeCrowd, recorded: RecordedEvidence | null): Attribution {
  const when: Evidence = { kind: "time", detail: whenWords[change] };
  const seen =
    change === "changed"
      ? (recorded?.ofTouches([pathOfEntries(directory)]) ?? null)
      : (recorded?.ofTouches([directory], ({ kinds }) => kinds.includes("modified")) ?? null);
  return seen === null ? { to: "unknown", evidence: [when] } : { to: seen.to, evidence: [...seen.evidence, when] };
}

/**
 * One finding for each party that brought entries to a crowded directory, took them away or changed them, which counts them
 * and names a few, in place of one for each entry.
 */
export function foldCrowds(findings: readonly FoldableFinding[], crowds: readonly Crowd[]): Finding[] {
  const crowded = new Map(crowds.map((crowd) => [placeOf(crowd.directory, crowd.change), crowd]));
  const kept: Finding[] = [];
  const folded = new Map<string, Folded>();
  const group = (crowd: Crowd, { to, evidence }: Attribution): Folded => {
    const key = `${placeOf(crowd.directory, crowd.change)} ${to}`;
    const found = folded.get(key) ?? { crowd, attribution: { to, evidence }, count: 0, examples: [] };
    folded.set(key, found);
    return found;
  };
  for (const { finding, path } of findings) {
    const crowd = path === null ? undefined : crowded.get(placeOf(parentOf(path), finding.change));
    if (crowd === undefined) {
      kept.push(finding);
      continue;
    }
    const one = group(crowd, finding.attribution);
    one.count += 1 + entriesBelow(finding);
    if (one.examples.length < examplesMax) one.examples.push(finding.location);
  }
  for (const crowd of crowds) group(crowd, crowd.attribution).count += crowd.count;
  return [...kept, ...[...folded.values()].map(asFinding)];
}

interface Folded {
  readonly crowd: Crowd;
  readonly attribution: Attribution;
  count: number;
  readonly examples: string[];
}

const subjectWords: Readonly<Record<TreeCrowd["change"], (count: number, path: string) => string>> = {
  appeared: (count, path) => `${count} entries that came to the directory ${path}`,
  vanished: (count, path) => `${count} entries that went from the directory ${path}`,
  changed: (count, path) => `${count} entries of the directory ${path} that changed`,
};

function asFinding({ crowd: { directory, change }, attribution, count, examples }: Folded): Finding {
  const path = showPath(directory);
  const attributes = { kind: "directory", entriesBelow: count, examplesBelow: examples };
  return {
    id: `files:${path}: entries that ${change}, ${attribution.to}`,
    surface: "files",
    change,
    subject: subjectWords[change](count, path),
    location: path,
    owner: null,
    before: change === "vanished" ? attributes : null,
    after: change === "vanished" ? null : attributes,
    changed: [],
    attribution,
    show: `ls -lac ${shellPath(directory)}`,
    // The directory is older than they are.
    remove: null,
  };
}

function entriesBelow({ before, after }: Finding): number {
  const below = (after ?? before)?.["entriesBelow"];
  return typeof below === "number" ? below : 0;
}

function placeOf(directory: string, change: Finding["change"]): string {
  return `${change} ${directory}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
