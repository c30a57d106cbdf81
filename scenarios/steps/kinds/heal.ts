import * as z from "zod";

import { faultName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Undoes a fault, by its name or its kind, or all that are in force; whoever was killed is started again. */
export const heal = stepKind(
  z.strictObject({
    step: z.literal("heal"),
    fault: faultName.optional(),
  }),
  ({ fault }) => (fault === undefined ? "every fault is healed" : `the fault ${fault} is healed`),
);
