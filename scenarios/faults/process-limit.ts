import { readFileSync } from "node:fs";

import { execa } from "execa";

export interface ProcessLimit {
  readonly pid: number;
  readonly resource: "nofile";
  /** A number or "unlimited". */
  readonly soft: string;
  readonly hard: string;
}

/** How the kernel names them in /proc/PID/limits (proc_pid_limits(5)). */
const names = { nofile: "Max open files" } as const;

/** How much of a resource a process may have now. */
export function processLimit(pid: number, resource: "nofile"): ProcessLimit {
  const text = readFileSync(`/proc/${pid}/limits`, "utf8");
  const [, soft = "unlimited", hard = "unlimited"] =
    new RegExp(`^${names[resource]} +(\\S+) +(\\S+)`, "m").exec(text) ?? [];
  return { pid, resource, soft, hard };
}

/** Changes it while the process runs (prlimit(1)); a hard limit that was lowered is raised again by root alone. */
export async function setProcessLimit({ pid, resource, soft, hard }: ProcessLimit): Promise<void> {
  await execa("prlimit", ["--pid", String(pid), `--${resource}=${soft}:${hard}`]);
}
