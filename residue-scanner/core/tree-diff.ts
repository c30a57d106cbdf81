import { changedBlocks, diffBlocks, type EntryPlace, type FoundEntry } from "./directory-diff.ts";
import { entryName, joinPath, rootsPath, type Tree } from "./packed-tree.ts";
import { atOnce, type Steps } from "./steps.ts";

export interface TreeDifference {
  /** One character a byte. */
  readonly path: string;
  readonly directory: string;
  readonly before: EntryPlace | null;
  readonly after: EntryPlace | null;
}

export interface TreeDifferences {
  readonly differences: TreeDifference[];
  /** How many more there are than are listed, by directory. */
  readonly crowds: TreeCrowd[];
}

/** What is not listed of what came to a directory, went from it, or is in both trees and not the same. */
export interface TreeCrowd {
  /** One character a byte. */
  readonly directory: string;
  readonly change: "appeared" | "vanished" | "changed";
  readonly count: number;
  /** Whether the directory is in both trees. */
  readonly isOlder: boolean;
}

/** More than this many are counted, not listed. */
const differencesMaxDefault = 20_000;
const directoriesInStep = 64;
/**
 * Those shares of them, of one directory, come before what has no place among these of the others: some thousands of
 * directories that others fill (a project's modules, put there anew) must not hide what was done in one.
 */
const sharesOfOne = [1 / 5_000, 1 / 40];

/**
 * Every entry that is not the same in both trees, word for word. Directories that were unreadable in one are left out.
 *
 * Where there are more than are listed, those of directories that are in both trees come first, a few of each before more
 * of any: what is in a directory that came or went is told by that directory, and a crowd in one place must not hide a
 * single file in another.
 */
export function diffTrees(before: Tree, after: Tree, options: TreeDiffOptions = {}): TreeDifferences {
  return atOnce(diffTreesInSteps(before, after, options));
}

export interface TreeDiffOptions {
  /** For tests: how many are listed. */
  readonly differencesMax?: number;
}

/** As `diffTrees`, a number of directories, or of entries of one, a step. */
export function* diffTreesInSteps(
  before: Tree,
  after: Tree,
  { differencesMax = differencesMaxDefault }: TreeDiffOptions = {},
): Steps<TreeDifferences> {
  const differences = new Map<string, TreeDifference>();
  const rest: TreeDifference[][] = sharesOfOne.map(() => []);
  const shares = sharesOfOne.map((share) => Math.max(1, differencesMax * share));
  // A mount point is read as an entry of its directory and as a root: what is told as both is told as that entry.
  const isInBoth = (path: string) => before.index.has(path) && after.index.has(path);
  const inBoth = [
    ...[rootsPath].filter(isInBoth),
    ...[...after.index.keys()].filter((path) => path !== rootsPath && isInBoth(path)),
  ];
  const inOne = [
    ...[...after.index.keys()].filter((path) => !before.index.has(path)),
    ...[...before.index.keys()].filter((path) => !after.index.has(path)),
  ];
  const unlisted = new Unlisted(before, after);
  const list = (difference: TreeDifference) => {
    if (differences.size < differencesMax) differences.set(difference.path, difference);
    else unlisted.count(difference);
  };
  let looked = 0;
  for (const path of inBoth) {
    looked += 1;
    if (looked % directoriesInStep === 0) yield;
    let listed = 0;
    const add = (found: FoundEntry) => {
      listed += 1;
      // Roots all come before the entries that they are, too, and that take their place.
      const turn = path === rootsPath ? 0 : shares.findIndex((share) => listed <= share);
      const later = rest[(turn === -1 ? shares.length : turn) - 1];
      if (later === undefined) list(named(path, found));
      else if (later.length < differencesMax) later.push(named(path, found));
      else unlisted.count({ directory: path, ...found });
    };
    const blocks = changedBlocks(path, before, after);
    if (blocks !== null) yield* diffBlocks(blocks, add);
  }
  for (const difference of rest.flat()) list(difference);
  for (const path of inOne) {
    looked += 1;
    if (looked % directoriesInStep === 0) yield;
    const blocks = changedBlocks(path, before, after);
    if (blocks === null) continue;
    yield* diffBlocks(blocks, (found) => {
      if (differences.size < differencesMax) list(named(path, found));
      else unlisted.count({ directory: path, ...found });
    });
  }
  return { differences: [...differences.values()], crowds: unlisted.crowds() };
}

function named(directory: string, { before, after }: FoundEntry): TreeDifference {
  const { block, entry } = (after ?? before) as EntryPlace;
  return { path: joinPath(directory, entryName(block, entry)), directory, before, after };
}

/** What is more than is listed. */
class Unlisted {
  readonly #trees: readonly [Tree, Tree];
  readonly #came = new Map<string, number>();
  readonly #went = new Map<string, number>();
  readonly #changed = new Map<string, number>();

  constructor(...trees: [Tree, Tree]) {
    this.#trees = trees;
  }

  count({ directory, before, after }: FoundEntry & { readonly directory: string }): void {
    const counts = before === null ? this.#came : after === null ? this.#went : this.#changed;
    counts.set(directory, (counts.get(directory) ?? 0) + 1);
  }

  crowds(): TreeCrowd[] {
    const crowd = (change: TreeCrowd["change"], [directory, count]: [string, number]): TreeCrowd => {
      const isOlder = this.#trees.every(({ index }) => index.has(directory));
      return { directory, change, count, isOlder };
    };
    return [
      ...[...this.#came].map((each) => crowd("appeared", each)),
      ...[...this.#went].map((each) => crowd("vanished", each)),
      ...[...this.#changed].map((each) => crowd("changed", each)),
    ];
  }
}
