import type { StepOf } from "../../steps/step.ts";
import type { Nested } from "../../steps/play-steps.ts";
import type { SimStepStage } from "../../steps/step-stage.ts";
import { callOwn, givenOn, ownStepOf } from "../either/own-step.ts";
import { simLooks } from "./looks.ts";
import type { SimStage } from "./sim-stage.ts";

/** Does what a scenario's author defined, in virtual time. */
export async function own(stage: SimStage, step: StepOf<"own">, nested: Nested): Promise<string> {
  const { definition, parameters } = ownStepOf(step);
  const given = givenOn(stage, { looks: simLooks(stage), nested });
  const stageOfStep: SimStepStage = { ...given.stage, kind: "sim" };
  return await callOwn(step.name, given, () => definition.sim?.(stageOfStep, parameters));
}
