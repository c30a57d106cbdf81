import type { Nested } from "../../steps/play-steps.ts";
import type { StepOf } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";
import { sideBySide } from "./side-by-side.ts";

const everyMsDefault = 50;

/** Plays steps, and others again and again until they are over. */
export async function during(
  stage: AnyStage,
  { steps, meanwhile, everyMs = everyMsDefault }: StepOf<"during">,
  nested: Nested,
): Promise<string> {
  let isOver = false;
  let rounds = 0;
  const main = nested.play(steps, [0]).finally(() => (isOver = true));
  const again = async () => {
    while (!isOver) {
      await nested.play(meanwhile, [1, rounds], () => !isOver);
      rounds += 1;
      // Whichever comes first; who waits for the time alone would hold up the end.
      await Promise.race([main.catch(() => undefined), stage.pass(everyMs)]);
    }
  };
  await sideBySide(stage, [() => main, again]);
  return `${rounds} rounds meanwhile`;
}
