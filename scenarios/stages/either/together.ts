import type { Nested } from "../../steps/play-steps.ts";
import type { StepOf } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";
import { sideBySide } from "./side-by-side.ts";

/** Plays branches side by side. */
export async function together(stage: AnyStage, { branches }: StepOf<"together">, nested: Nested): Promise<string> {
  await sideBySide(
    stage,
    branches.map((branch, index) => () => nested.play(branch, [index])),
  );
  return `${branches.length} branches came to their end`;
}
