import type { Step } from "./step.ts";

/**
 * The steps that a step holds, list by list; none for most. Apart from the kinds, because `scenarios list` asks this and
 * needs none of their schemas.
 */
export function nestedSteps(step: Step): readonly (readonly Step[])[] {
  if (step.step === "together") return step.branches;
  if (step.step === "during") return [step.steps, step.meanwhile];
  return step.step === "repeat" ? [step.steps] : [];
}
