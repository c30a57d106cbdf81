import {
  type CgroupFact,
  type CrontabFact,
  type ListedFact,
  type ListedSurface,
  listedSurfaces,
  type ProcessFact,
  type SocketFact,
  type Surface,
} from "./fact.ts";
import { changedAttributes, type FileFact, fileFactAt } from "./file-fact.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Steps } from "./steps.ts";
import { changedThreads } from "./thread-changes.ts";
import { diffTreesInSteps, type TreeCrowd, type TreeDiffOptions } from "./tree-diff.ts";

export type Change = "appeared" | "vanished" | "changed";

interface Between<S extends Surface, F> {
  readonly surface: S;
  /** Unique within the surface; for files the path, one character a byte. */
  readonly key: string;
  readonly change: Change;
  readonly before: F | null;
  readonly after: F | null;
  /** The attributes that differ, for `changed`. */
  readonly changed: readonly string[];
}

export type FileDifference = Between<"files", FileFact>;
export type ProcessDifference = Between<"processes", ProcessFact>;
export type SocketDifference = Between<"sockets", SocketFact>;
export type CrontabDifference = Between<"crontabs", CrontabFact>;
export type CgroupDifference = Between<"cgroups", CgroupFact>;
export type ListedDifference = Between<ListedSurface, ListedFact>;
export type Difference =
  | FileDifference
  | ProcessDifference
  | SocketDifference
  | CrontabDifference
  | CgroupDifference
  | ListedDifference;

export function isListed(difference: Difference): difference is ListedDifference {
  return (listedSurfaces as readonly string[]).includes(difference.surface);
}

export interface Differences {
  readonly list: readonly Difference[];
  /** How many more files differ than are listed. */
  readonly crowds: readonly TreeCrowd[];
}

/** Everything that is not the same in both snapshots, surface by surface, in a stable order. */
export function* differencesBetween(
  before: Snapshot,
  after: Snapshot,
  options: TreeDiffOptions = {},
): Steps<Differences> {
  const lacking = lackingIn(before, after);
  const files = lacking.has("files")
    ? { differences: [], crowds: [] }
    : yield* diffTreesInSteps(before.files, after.files, options);
  const list: Difference[] = [];
  for (const difference of files.differences) {
    yield;
    const old = difference.before === null ? null : fileFactAt(difference.before);
    const now = difference.after === null ? null : fileFactAt(difference.after);
    list.push(between("files", { key: difference.path, before: old, after: now, changes: changedAttributes }));
  }
  const scanner = new Set([...before.scanner, ...after.scanner].map(processKey));
  const others = (facts: readonly ProcessFact[]) => facts.filter((fact) => !scanner.has(processKey(fact)));
  list.push(
    ...diffFacts("processes", others(before.processes), others(after.processes), processKey, changesOfProcess),
    ...diffFacts("sockets", before.sockets, after.sockets, ({ key }) => key, changesOfSocket),
    ...diffFacts(
      "crontabs",
      before.crontabs,
      after.crontabs,
      ({ key }) => key,
      () => [],
    ),
    ...diffFacts("cgroups", before.cgroups, after.cgroups, ({ path }) => path, changesOfCgroup),
    ...listedSurfaces.flatMap((surface) =>
      diffFacts(surface, before.listed[surface] ?? [], after.listed[surface] ?? [], ({ key }) => key, changesOfListed),
    ),
  );
  const compared = list.filter(({ surface }) => !lacking.has(surface));
  compared.sort((one, other) => compareText(one.surface, other.surface) || compareText(one.key, other.key));
  return { list: compared, crowds: files.crowds };
}

/** What one reading has nothing of did not all vanish, or come: nothing is known of these, and their status says so. */
function lackingIn(before: Snapshot, after: Snapshot): ReadonlySet<Surface> {
  const [old, now] = [before, after].map(
    ({ surfaces: readings }) =>
      new Set(readings.flatMap(({ surface, status }) => (status === "failed" ? [] : [surface]))),
  ) as [Set<Surface>, Set<Surface>];
  return old.symmetricDifference(now);
}

export function processKey({ pid, startTime }: { readonly pid: number; readonly startTime: string }): string {
  return `${pid}@${startTime}`;
}

function diffFacts<S extends Surface, F>(
  surface: S,
  before: readonly F[],
  after: readonly F[],
  keyOf: (fact: F) => string,
  changes: (before: F, after: F) => string[],
): Between<S, F>[] {
  const old = new Map(before.map((fact) => [keyOf(fact), fact]));
  const differences: Between<S, F>[] = [];
  for (const fact of after) {
    const key = keyOf(fact);
    const earlier = old.get(key) ?? null;
    old.delete(key);
    const difference = between(surface, { key, before: earlier, after: fact, changes });
    if (difference.change !== "changed" || difference.changed.length > 0) differences.push(difference);
  }
  for (const [key, fact] of old) differences.push(between(surface, { key, before: fact, after: null, changes }));
  return differences;
}

function between<S extends Surface, F>(
  surface: S,
  facts: { key: string; before: F | null; after: F | null; changes: (before: F, after: F) => string[] },
): Between<S, F> {
  const { key, before, after, changes } = facts;
  if (before === null) return { surface, key, change: "appeared", before, after, changed: none };
  if (after === null) return { surface, key, change: "vanished", before, after, changed: none };
  return { surface, key, change: "changed", before, after, changed: changes(before, after) };
}

/** One list for all that came or went. */
const none: readonly string[] = [];

const comparedOfProcess = [
  ...(["executable", "uid", "cgroup", "olderCgroups", "namespaces"] as const),
  ...(["nice", "scheduling", "ioPriority", "affinity", "oomScoreAdjust", "limits"] as const),
  ...(["timerSlackNs", "coreDumpFilter", "autogroupNice"] as const),
];

/**
 * A process may rename itself, and its parent may end; what it runs, as whom and in which cgroup is its own doing, and
 * how it is scheduled and limited anybody's who has the right.
 */
function changesOfProcess(before: ProcessFact, after: ProcessFact): string[] {
  const isKnown = (fact: ProcessFact, name: keyof ProcessFact) => fact[name] !== null && fact[name] !== undefined;
  const changed: string[] = comparedOfProcess.filter((name) => {
    if (!isKnown(before, name) || !isKnown(after, name)) return false;
    if (name === "olderCgroups") return isMoved(before.olderCgroups ?? [], after.olderCgroups ?? []);
    return String(before[name]) !== String(after[name]);
  });
  if (changedThreads(before, after).length > 0) changed.push("threads");
  return isStopped(before) === isStopped(after) ? changed : [...changed, "stopped"];
}

/** A hierarchy that comes or goes has every process in its root. */
function isMoved(before: readonly string[], after: readonly string[]): boolean {
  const hierarchyOf = (cgroup: string) => cgroup.slice(0, cgroup.indexOf(":"));
  const was = new Map(before.map((cgroup) => [hierarchyOf(cgroup), cgroup]));
  return after.some((cgroup) => (was.get(hierarchyOf(cgroup)) ?? cgroup) !== cgroup);
}

/** By a signal: it does nothing until somebody has it go on. */
function isStopped({ state }: ProcessFact): boolean {
  return state === "T";
}

/** One more socket under the same address, or another one. A holder that let go leaves nothing. */
function changesOfSocket(before: SocketFact, after: SocketFact): string[] {
  const added = after.inodes.some((inode) => !before.inodes.includes(inode));
  const handed = after.owners?.some((pid) => before.owners !== null && !before.owners.includes(pid)) ?? false;
  return [...(added ? ["inodes"] : []), ...(handed ? ["owners"] : [])];
}

function changesOfCgroup(before: CgroupFact, after: CgroupFact): string[] {
  // A hierarchy of version 1 is the same, mounted or not.
  if (before.inode !== after.inode && !after.path.endsWith(":/")) return ["inode"];
  const [was = {}, is = {}] = [before.settings, after.settings];
  // Which there are depends on what the group above hands down.
  return Object.keys(is).filter((name) => was[name] !== undefined && was[name] !== is[name]);
}

function changesOfListed(before: ListedFact, after: ListedFact): string[] {
  const names = new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  return [...names].filter((name) => String(before.attributes[name]) !== String(after.attributes[name]));
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
