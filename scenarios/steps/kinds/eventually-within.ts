import * as z from "zod";

import { Fact, factTitle } from "../facts.ts";
import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** A fact must come to hold within so long; it is looked at again and again. */
export const eventuallyWithin = stepKind(
  z.strictObject({ step: z.literal("eventually-within"), withinMs: Ms, holds: Fact }),
  ({ withinMs, holds }) => `within ${withinMs} ms, ${factTitle(holds)}`,
);
