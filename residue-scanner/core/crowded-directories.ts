import type { Evidence, Finding } from "../../protocol/residue-report.ts";
import type { ExcusedTally, Judged } from "./excuse.ts";
import { examplesMax, type Folded, pathOf, withEntries } from "./fold-subtrees.ts";
import { foreignProcess } from "./noise-rules.ts";
import { shellPath, showPath } from "./path-text.ts";
import type { Attribution } from "./process-attribution.ts";
import { pathOfEntries } from "./touched-paths.ts";
import type { RecordedEvidence } from "./recorded-evidence.ts";
import type { Steps } from "./steps.ts";
import type { TreeCrowd } from "./tree-diff.ts";

/** What came to a directory that was there before (or went from it, or changed in it) and is not listed, and whose it is. */
export interface Crowd extends TreeCrowd {
  readonly attribution: Attribution;
}

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

/**
 * What is left of those that lie in directories that came, or went, and that no finding tells of: what only others made or
 * took away there is theirs. What was in a directory that is gone went with it, as far as anybody can tell, listed or not.
 */
export function excuseCrowds(
  crowds: readonly TreeCrowd[],
  { recorded, excused }: { recorded: RecordedEvidence | null; excused: ExcusedTally },
): TreeCrowd[] {
  return crowds.filter((crowd) => {
    const { directory, change, count } = crowd;
    const whose = change === "vanished" ? (recorded?.ofTouches([directory]) ?? null) : whoseIs(crowd, recorded);
    // The run may have written to what somebody else made.
    const touched = change === "vanished" ? null : (recorded?.ofTouches([pathOfEntries(directory)]) ?? null);
    if ([whose, touched ?? whose].some((seen) => seen?.to !== "background")) return true;
    excused.add(foreignProcess, `${count} entries of ${showPath(directory)} (${whose?.evidence[0]?.detail ?? ""})`);
    return false;
  });
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
 *
 * @param tell puts one into words
 */
export function* foldCrowds(
  folded: readonly Folded[],
  crowds: readonly Crowd[],
  tell: (one: Judged) => Finding,
): Steps<Finding[]> {
  const crowded = new Map(crowds.map((crowd) => [placeOf(crowd.directory, crowd.change), crowd]));
  const kept: Finding[] = [];
  const parties = new Map<string, Party>();
  const partyOf = (crowd: Crowd, { to, evidence }: Attribution): Party => {
    const key = `${placeOf(crowd.directory, crowd.change)} ${to}`;
    const found = parties.get(key) ?? { crowd, attribution: { to, evidence }, count: 0, examples: [] };
    parties.set(key, found);
    return found;
  };
  for (const { top, below } of folded) {
    yield;
    const path = pathOf(top);
    const crowd = path === null ? undefined : crowded.get(placeOf(parentOf(path), top.difference.change));
    if (crowd === undefined) {
      const named = below?.examples.map((one) => tell(one).location) ?? [];
      kept.push(below === null ? tell(top) : withEntries(tell(top), below.count, named));
      continue;
    }
    const party = partyOf(crowd, top.attribution);
    party.count += 1 + (below?.count ?? 0);
    if (party.examples.length < examplesMax) party.examples.push(tell(top).location);
  }
  for (const crowd of crowds) partyOf(crowd, crowd.attribution).count += crowd.count;
  return [...kept, ...[...parties.values()].map(asFinding)];
}

interface Party {
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

function asFinding({ crowd: { directory, change }, attribution, count, examples }: Party): Finding {
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

function placeOf(directory: string, change: Finding["change"]): string {
  return `${change} ${directory}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
