import { jobEnvironment, runMarker } from "../../../protocol/job-environment.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { heldPids } from "./job-processes.ts";
import { isAlive, markedProcesses, processEnvironment, processStat } from "./proc.ts";

const namesMax = 5;

/** Looks for every process that was seen of an agent's jobs, and for whoever else is theirs, after its end. */
export async function findSurvivors(stage: HostStage, { agent: name }: StepOf<"find-survivors">): Promise<string> {
  const { agentId, actor } = stage.agent(name);
  const { history, id } = stage.options;
  const watched = stage.hostile.watched.get(name) ?? new Map<number, string>();
  const pids = new Set([...watched].filter(([pid, startTime]) => isAlive({ pid, startTime })).map(([pid]) => pid));
  for (const pid of heldPids(stage, name)) pids.add(pid);
  for (const { pid } of markedProcesses(runMarker, id)) {
    if (processEnvironment(pid)?.get(jobEnvironment.agentId) === agentId) pids.add(pid);
  }
  if (!actor.hasExited()) pids.delete(actor.pid);
  const named = [...pids].slice(0, namesMax).map((pid) => `${pid} (${processStat(pid)?.command ?? "gone since"})`);
  history.record("witness.outlived", { agentId, watched: watched.size, left: pids.size, detail: named.join(", ") });
  return `${watched.size} processes were seen, and ${pids.size} are left`;
}
