import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ExceededLimit } from "../../protocol/exit-reason.ts";

/**
 * Which limit of the kernel's is behind the end of a job, by what the kernel itself says of it: the signal that it
 * sends for nothing else, and what it counted in the job's cgroup (Documentation/admin-guide/cgroup-v2.rst). Where the
 * limits are those of single processes, it counts nothing, and nothing is guessed.
 *
 * @param cgroup read before it is removed; null where the job has none
 */
export function exceededLimit(
  { exitCode, signal }: { readonly exitCode: number | null; readonly signal: string | null },
  {
    jobId,
    workspaceBytesMax,
    cgroup,
  }: { readonly jobId: string; readonly workspaceBytesMax: number; readonly cgroup: string | null },
): ExceededLimit | null {
  // Whoever came to a good end has coped with it.
  if (exitCode === 0) return null;
  if (signal === "SIGXFSZ") {
    const detail = `${jobId} wrote a file larger than the ${workspaceBytesMax} bytes that are allowed`;
    return { limit: "file-size", detail };
  }
  if (signal === "SIGXCPU") return { limit: "cpu-time", detail: `${jobId} used more CPU time than is allowed` };
  return cgroup === null ? null : (memoryLimit(jobId, cgroup) ?? processesLimit(jobId, cgroup));
}

/** `oom_kill` counts who was killed for want of memory, `oom` the times when it was for the limit: else the host had none. */
function memoryLimit(jobId: string, cgroup: string): ExceededLimit | null {
  const events = join(cgroup, "memory.events");
  if (countIn(events, "oom_kill") === 0) return null;
  const why =
    countIn(events, "oom") > 0
      ? `its memory reached the ${textOf(join(cgroup, "memory.max"))} bytes that are allowed`
      : "the host had no memory left";
  return { limit: "memory", detail: `${jobId} was killed by the kernel, because ${why}` };
}

function processesLimit(jobId: string, cgroup: string): ExceededLimit | null {
  const times = countIn(join(cgroup, "pids.events"), "max");
  if (times === 0) return null;
  const most = textOf(join(cgroup, "pids.max"));
  return {
    limit: "processes",
    detail: `${jobId} failed after it was refused a process ${times} times, and ${most} are allowed`,
  };
}

/** The number beside a name in a file of such lines; 0 where there is none. */
function countIn(path: string, name: string): number {
  for (const line of textOf(path).split("\n")) {
    const [key, value] = line.split(" ");
    if (key === name) return Number(value);
  }
  return 0;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // No such controller here.
    return "";
  }
}
