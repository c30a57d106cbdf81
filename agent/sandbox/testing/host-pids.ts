import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

import { jobEnvironment } from "../../../protocol/job-environment.ts";
import { isAlive, readProcess } from "../proc-stat.ts";

/**
 * A job in a PID namespace knows its processes by other numbers than the host. Read by nobody's code but this
 * (pid_namespaces(7), proc_pid_status(5)).
 */

/**
 * A PID namespace, held open: the kernel gives the number of one that has ended to the next one that anybody makes, and
 * a held one's to nobody.
 */
export interface HeldNamespace {
  readonly name: string;
  close(): void;
}

/** What a lease's jobs are in, found by the marker; null where that is the host's own. */
export function holdPidNamespaceOf({ agentId, leaseId }: { agentId: string; leaseId: string }): HeldNamespace | null {
  const own = namespaceOf("self");
  for (const pid of livePids()) {
    const variables = readOrEmpty(`/proc/${pid}/environ`).split("\0");
    const marked =
      variables.includes(`${jobEnvironment.agentId}=${agentId}`) &&
      variables.includes(`${jobEnvironment.leaseId}=${leaseId}`);
    if (!marked) continue;
    const held = holdNamespaceOf(pid);
    if (held !== null && held.name !== own) return held;
    held?.close();
  }
  return null;
}

/** What the host calls a process of a namespace; -1 when it is not there any more. */
export function hostPidOf(pid: number, namespace: string): number {
  const found = pidsInNamespace(namespace).find((each) => {
    const numbers = /^NSpid:\s+(.*)$/m.exec(readOrEmpty(`/proc/${each}/status`))?.[1] ?? "";
    return Number(numbers.split(/\s+/).at(-1)) === pid;
  });
  return found ?? -1;
}

/** Everything alive in a namespace. */
export function pidsInNamespace(namespace: string): number[] {
  return livePids().filter((pid) => namespaceOf(String(pid)) === namespace);
}

function holdNamespaceOf(pid: number): HeldNamespace | null {
  try {
    const descriptor = openSync(`/proc/${pid}/ns/pid`, "r");
    const name = readlinkSync(`/proc/self/fd/${descriptor}`);
    return { name, close: () => closeSync(descriptor) };
  } catch {
    return null;
  }
}

function livePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readProcess(pid);
      return stat !== null && isAlive(stat);
    });
}

function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
