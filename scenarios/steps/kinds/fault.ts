import * as z from "zod";

import { FaultSpec, faultTitle } from "../../faults/fault-spec.ts";
import { faultName, Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Breaks something on purpose, until it is healed, its time is over, or the steps end. */
export const fault = stepKind(
  z.strictObject({
    step: z.literal("fault"),
    fault: FaultSpec,
    /** Its name, where a kind is used twice at once. */
    as: faultName.optional(),
    /** Heals by itself after so long, while the steps go on. */
    forMs: Ms.optional(),
  }),
  ({ fault, as, forMs }) => {
    const called = as === undefined ? "" : `, called ${as}`;
    return `fault: ${faultTitle(fault)}${called}${forMs === undefined ? "" : `, for ${forMs} ms`}`;
  },
);
