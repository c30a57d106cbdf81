import * as z from "zod";

import { FaultSpec, faultTitle } from "../faults/fault-spec.ts";

const Ms = z.int().min(1);
/** By which a fault is healed: a word, or the name of its kind. */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);

/** Breaks something on purpose, until it is healed, its time is over, or the steps end. */
export const FaultStep = z.strictObject({
  step: z.literal("fault"),
  fault: FaultSpec,
  /** Its name, where a kind is used twice at once. */
  as: name.optional(),
  /** Heals by itself after so long, while the steps go on. */
  forMs: Ms.optional(),
});

/** Undoes a fault, by its name or its kind, or all that are in force; whoever was killed is started again. */
export const HealStep = z.strictObject({ step: z.literal("heal"), fault: name.optional() });

export function faultStepTitle({ fault, as, forMs }: z.infer<typeof FaultStep>): string {
  const called = as === undefined ? "" : `, called ${as}`;
  return `fault: ${faultTitle(fault)}${called}${forMs === undefined ? "" : `, for ${forMs} ms`}`;
}

export function healStepTitle({ fault }: z.infer<typeof HealStep>): string {
  return fault === undefined ? "every fault is healed" : `the fault ${fault} is healed`;
}
