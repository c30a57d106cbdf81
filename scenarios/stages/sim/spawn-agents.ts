import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { SpawnBehaviour } from "../../simulator/plan/spawn-behaviour.ts";
import { simulatedSpawn } from "../../simulator/world/spawn-behaviour.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Has the broker start modelled agents, which live until they are ended and take no work. */
export async function spawnAgents(stage: SimStage, step: StepOf<"spawn">): Promise<string> {
  const { broker } = stage.simulation;
  const executionIds: string[] = [];
  for (let index = 0; index < step.agents; index += 1) {
    const response = broker.ask({ type: "spawn", spec: simulatedSpawn(SpawnBehaviour.parse({})) });
    if (response?.ok !== true) throw refused("start an agent", response);
    executionIds.push(response.answer.executionId);
  }
  const running = () => executionIds.every((id) => broker.state?.executions.get(id)?.state === "running");
  await stage.until(`${step.agents} agents to run that the broker started`, running, step.withinMs);
  return executionIds.join(", ");
}

/** Has it end all of them. */
export async function killswitch(stage: SimStage, { withinMs }: StepOf<"killswitch">): Promise<string> {
  const { broker } = stage.simulation;
  const beganAtMs = stage.nowMs;
  const response = broker.ask({ type: "kill-all", message: { reason: "scenario", now: false } });
  if (response?.ok !== true) throw refused("end its agents", response);
  const { executionIds } = response.answer;
  stage.record("witness.kill", { executionIds });
  const stateOf = (id: string) => broker.state?.executions.get(id)?.state ?? "running";
  // What was decided is in the history only when the store has it.
  const over = () => executionIds.every((id) => isTerminalExecution(stateOf(id))) && broker.shown() !== null;
  await stage.until(`the end of ${executionIds.length} agents that the broker started`, over, withinMs);
  const { living } = broker.spawner;
  if (living > 0) {
    throw new StepError(`The agents have ended, and ${living} processes of theirs have not.`, {
      code: "jobs-left",
      next: "The last events in the run directory's history.jsonl show which.",
    });
  }
  return `${executionIds.length} agents gone after ${((stage.nowMs - beganAtMs) / 1_000).toFixed(2)} s`;
}

function refused(what: string, response: { readonly ok: false; readonly code: string } | undefined): StepError {
  return new StepError(`The broker would not ${what}: ${response?.code ?? "it is down"}.`, {
    code: "refused",
    next: "The history in the run directory tells what it knew.",
  });
}
