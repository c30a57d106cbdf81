import { factTitle } from "../../steps/facts.ts";
import { judgeFact, type Looks } from "../../steps/judge-fact.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { notInTime } from "../../steps/wait-error.ts";
import type { AnyStage } from "./any-stage.ts";

/** A fact announces nothing when it comes to hold: it is looked at this often, in milliseconds. */
const lookEveryMs = 25;

/** Looks whether a fact holds now. */
export async function probe(looks: Looks, { holds: fact }: StepOf<"probe">): Promise<string> {
  const { holds, seen } = await judgeFact(looks, fact);
  if (holds) return seen;
  throw new StepError(`It does not hold that ${factTitle(fact)}: ${seen}.`, {
    code: "does-not-hold",
    next: "If it only has to come true, use `eventually-within`.",
  });
}

/** Looks until a fact holds. */
export async function eventuallyWithin(
  { stage, looks }: { readonly stage: AnyStage; readonly looks: Looks },
  { holds: fact, withinMs }: StepOf<"eventually-within">,
): Promise<string> {
  const beganAtMs = stage.nowMs;
  for (;;) {
    const { holds, seen } = await judgeFact(looks, fact);
    const tookMs = stage.nowMs - beganAtMs;
    if (holds) return `${seen}, after ${tookMs.toFixed(0)} ms`;
    if (tookMs > withinMs) throw notInTime(`this to hold: ${factTitle(fact)} (at the end: ${seen})`, withinMs);
    await stage.pass(lookEveryMs);
  }
}
