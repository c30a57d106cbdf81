import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Looks what is left on a modelled host of the processes of its jobs. */
export function findSurvivors(stage: SimStage, { agent }: StepOf<"find-survivors">): string {
  const { host } = stage.agent(agent);
  const watched = stage.watched.get(agent) ?? 0;
  const left = [...host.sandboxes.values()].reduce((sum, { processes }) => sum + processes, 0);
  stage.record("witness.outlived", { agentId: host.agentId, watched, left, detail: "of the modelled host" });
  return `${left} processes are left`;
}
