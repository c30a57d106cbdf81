import type { Nested } from "../../steps/play-steps.ts";
import type { StepOf } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";

/** Plays steps so many times. */
export async function repeat(_stage: AnyStage, { times, steps }: StepOf<"repeat">, nested: Nested): Promise<string> {
  for (let round = 0; round < times; round += 1) await nested.play(steps, [round]);
  return `${times} rounds`;
}
