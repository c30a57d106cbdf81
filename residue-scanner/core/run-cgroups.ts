import type { ProcessFact } from "./fact.ts";
import { isBelow } from "./path-scope.ts";
import type { Snapshot } from "./snapshot.ts";

/** The cgroups of the run, and where all are. */
export class RunCgroups {
  /** As paths below the cgroup v2 root. */
  readonly prefixes: readonly string[];
  readonly #ofRun: ReadonlyMap<number, string>;
  readonly #directories: ReadonlyMap<string, string>;

  /** @param prefixes as their callers know them */
  constructor(prefixes: readonly string[], after: Snapshot) {
    this.prefixes = hierarchyPaths(prefixes, after);
    this.#ofRun = new Map(
      after.cgroups.flatMap(({ path, inode }) => (this.#has(path) ? [[inode, path] as const] : [])),
    );
    this.#directories = new Map(after.cgroups.map(({ path, directory }) => [path, directory]));
  }

  /** Where a cgroup is in the file system; null where that is unknown. */
  directory(path: string | null): string | null {
    return path === null ? null : (this.#directories.get(path) ?? null);
  }

  /** @returns the path of the run's cgroup with this inode number; null where it is none of the run's */
  withInode(inode: number): string | null {
    return this.#ofRun.get(inode) ?? null;
  }

  /** The run's cgroup in which a process is; null where it is in none. */
  holding({ cgroup }: ProcessFact): string | null {
    return cgroup !== null && this.#has(cgroup) ? cgroup : null;
  }

  #has(path: string): boolean {
    return this.prefixes.some((prefix) => isBelow(path, prefix));
  }
}

/** Callers know their cgroups by their place in the file system or in the hierarchy; here only the latter counts. */
function hierarchyPaths(prefixes: readonly string[], { cgroups }: Snapshot): string[] {
  const root = cgroups.find(({ path }) => path === "/")?.directory;
  const place = (prefix: string) =>
    root !== undefined && prefix.startsWith(`${root}/`) ? prefix.slice(root.length) : prefix;
  return prefixes.map((prefix) => place(prefix).replace(/\/+$/, "")).filter((prefix) => prefix !== "");
}
