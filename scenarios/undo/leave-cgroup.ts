import { existsSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";

/**
 * Moves the processes of a cgroup, of either version, to where they were, or up if that is gone, and removes it.
 *
 * @returns false while something is still in it
 */
export function leaveCgroup({ path, to }: { readonly path: string; readonly to: string }): boolean {
  if (!existsSync(path)) return true;
  const home = existsSync(to) ? to : dirname(path);
  for (const pid of readFileSync(join(path, "cgroup.procs"), "utf8").split("\n").filter(Boolean)) {
    try {
      writeFileSync(join(home, "cgroup.procs"), pid);
    } catch (error) {
      // It ended in between.
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EBUSY") return false;
    throw error;
  }
}
