import { statSync } from "node:fs";
import { sep } from "node:path";

import { jobEnvironment } from "../../protocol/job-environment.ts";
import { listPids, readEnvironment } from "./proc-stat.ts";

/** A process that says in its environment whose job it is. */
export interface MarkedProcess {
  readonly pid: number;
  readonly agentId: string;
  readonly leaseId: string;
}

/** Every process of this user whose environment says that its workspace lies below that directory, lowest pid first. */
export function markedProcesses(home: string): MarkedProcess[] {
  const marked: MarkedProcess[] = [];
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    const environment = readEnvironment(pid);
    if (environment === null || !environment.includes(jobEnvironment.agentId)) continue;
    const variables = environment.split("\0");
    const valueOf = (name: string): string | undefined =>
      variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
    const workspace = Buffer.from(valueOf(jobEnvironment.workspace) ?? "", "latin1").toString("utf8");
    const agentId = valueOf(jobEnvironment.agentId);
    const leaseId = valueOf(jobEnvironment.leaseId);
    if (!workspace.startsWith(home + sep) || agentId === undefined || leaseId === undefined) continue;
    if (/^[0-9a-f]{64}$/.test(agentId) && isOwn(pid)) marked.push({ pid, agentId, leaseId });
  }
  return marked.sort((a, b) => a.pid - b.pid);
}

/** What others' processes say of themselves is no evidence. */
function isOwn(pid: number): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.geteuid?.();
}
