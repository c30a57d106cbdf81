import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Remembers how much the broker's store had taken by now. */
export async function keepStore(stage: SimStage, { as }: StepOf<"keep-store">): Promise<string> {
  const { commits } = stage.simulation.broker;
  stage.faults.keptStores.set(as, commits);
  return `after ${commits} commits`;
}
