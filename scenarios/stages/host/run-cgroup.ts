import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";
import { cgroupPids, killCgroup, mayDelegate, ownCgroup, removeCgroup } from "../../../agent/sandbox/cgroup.ts";

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

/**
 * Kills what is in a cgroup and below, thawed or frozen, and removes it; false while something is still in it. One of
 * version 1 cannot be killed as a whole: there it takes some calls, and nothing in it may fork meanwhile.
 */
export function emptyCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  if (existsSync(join(path, "cgroup.kill"))) killCgroup(path);
  else killEach(path);
  return removeCgroup(path);
}

function killEach(path: string): void {
  if (existsSync(join(path, "pids.max"))) writeFileSync(join(path, "pids.max"), "0");
  for (const pid of cgroupPids(path)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // It ended by itself in between.
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }
}
