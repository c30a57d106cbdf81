import type { StepOf } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";

/** Lets time pass. */
export async function wait(stage: AnyStage, { forMs }: StepOf<"wait">): Promise<string> {
  await stage.pass(forMs);
  return "";
}
