import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { killCgroup, mayDelegate, ownCgroup, removeCgroup } from "../../../agent/sandbox/cgroup.ts";

/** This process's cgroup of version 2, where this user may make others below it; undefined where there is none. */
export function writableCgroup(): string | undefined {
  const own = ownCgroup();
  if (own === null || !mayDelegate(own)) return undefined;
  const probe = join(own, `houseguest-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    return own;
  } catch {
    // A container may show the files and refuse the directory. The run goes on without, and the scanner says what it
    // could not see.
    return undefined;
  }
}

/** Kills what is in a cgroup and below, thawed or frozen, and removes it; false while something is still in it. */
export function emptyCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  killCgroup(path);
  return removeCgroup(path);
}
