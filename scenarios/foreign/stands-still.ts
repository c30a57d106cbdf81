import { readFileSync } from "node:fs";
import { join } from "node:path";

import { cgroupMount, isFrozen } from "../../agent/sandbox/cgroup.ts";
import { isStopped } from "../stages/host/proc.ts";

/** Whether a process is stopped, or in a cgroup that is frozen; which does not show in its state. */
export function standsStill(pid: number): boolean {
  return isStopped(pid) || isInFrozenCgroup(pid);
}

function isInFrozenCgroup(pid: number): boolean {
  const mount = cgroupMount();
  if (mount === null) return false;
  try {
    // cgroups(7): version 2 has the hierarchy 0.
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
    return path !== undefined && path !== "/" && isFrozen(join(mount, path));
  } catch {
    // It ended meanwhile: nothing of it runs.
    return true;
  }
}
