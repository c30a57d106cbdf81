import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Faults stop at that time of the schedule; everything must have come to its end within so long. */
export const settle = stepKind(
  z.strictObject({
    step: z.literal("settle"),
    calmAtMs: z.number().min(0),
    withinMs: Ms,
  }),
  () => "faults stop, and everything comes to its end",
);
