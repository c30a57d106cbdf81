import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../../foundation/errors.ts";

const mounted = "/sys/fs/cgroup/pids";

/** Whether this user can limit how many processes a job makes: by a pids controller of cgroup version 1 or its own rights. */
export function canLimitProcesses(): boolean {
  try {
    accessSync(mounted, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts processes, and with them all that they will fork, under a limit that holds whatever they do.
 *
 * @returns the undoing, for when they are gone
 */
export function limitProcesses({
  pids,
  processesMax,
  name,
}: {
  pids: readonly number[];
  processesMax: number;
  name: string;
}): () => void {
  const cgroup = join(mounted, name);
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, "pids.max"), String(processesMax));
  for (const pid of pids) {
    try {
      writeFileSync(join(cgroup, "cgroup.procs"), String(pid));
    } catch (error) {
      // One that only launched the job has ended since it was seen, and forks no more.
      if (systemCode(error) !== "ESRCH") throw error;
    }
  }
  return () => {
    for (const pid of readFileSync(join(cgroup, "cgroup.procs"), "utf8").split("\n").filter(Boolean)) {
      process.kill(Number(pid), "SIGKILL");
    }
    rmdirSync(cgroup);
  };
}
