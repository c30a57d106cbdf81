import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { ExecutionState } from "../../../protocol/execution-states.ts";
import { jobEnvironment, runMarker, spawnEnvironment } from "../../../protocol/job-environment.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStage } from "./host-stage.ts";
import { isAlive, markedProcesses, processEnvironment, type ProcessStat } from "./proc.ts";
import { operatorOf, stateOf } from "./spawn-agents.ts";

/**
 * Has the broker end every agent that it started, and looks at each when it is told that it has ended: nothing of it may
 * run then (docs/cases.md, case 66), nor any job of theirs at the end.
 */
export async function killswitch(stage: HostStage, { withinMs }: StepOf<"killswitch">): Promise<string> {
  const { history, signal } = stage.options;
  const before = spawnedProcesses(stage);
  const beganAt = performance.now();
  const executionIds = await operatorOf(stage).killAll({ reason: "scenario", now: false });
  history.record("witness.kill", { executionIds });
  const open = new Set(executionIds);
  const hasEnded = (): boolean => {
    for (const executionId of open) {
      const state = stateOf(stage, executionId);
      if (state === undefined || !isTerminalExecution(state as ExecutionState)) continue;
      open.delete(executionId);
      witnessEnd(stage, executionId);
    }
    return open.size === 0;
  };
  await history.until(`the end of ${executionIds.length} agents that the broker started`, hasEnded, {
    withinMs,
    signal,
  });
  const left = before.filter((process) => isAlive(process));
  if (left.length > 0) {
    throw new StepError(`The agents have ended, and ${left.length} processes of theirs have not.`, {
      code: "jobs-left",
      next: `Look at them with: ps -o pid,stat,args -p ${left.map(({ pid }) => pid).join(",")}.`,
    });
  }
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(2);
  return `${executionIds.length} agents with ${before.length} processes gone after ${seconds} s`;
}

/** The broker says that it is over: what of it still runs is seen now. */
export function witnessEnd(stage: HostStage, executionId: string): void {
  if (markedProcesses(spawnEnvironment.executionId, executionId).length > 0) return;
  const { history } = stage.options;
  const began = history.records.find(
    (record) => record.type === "witness.execution" && record.data.executionId === executionId,
  );
  const pid = began?.type === "witness.execution" ? began.data.pid : 0;
  history.record("witness.execution", { executionId, change: "gone", pid, exitCode: null });
}

/** All processes of the agents that the broker started, and of their jobs. */
function spawnedProcesses({ options, agents }: HostStage): ProcessStat[] {
  const own = new Set([...agents.values()].map(({ agentId }) => agentId));
  return markedProcesses(runMarker, options.id).filter(({ pid }) => {
    const environment = processEnvironment(pid);
    const agentId = environment?.get(jobEnvironment.agentId);
    return environment?.has(spawnEnvironment.executionId) === true || (agentId !== undefined && !own.has(agentId));
  });
}
