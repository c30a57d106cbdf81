import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** kill -9 of the broker; it comes back in the same place after so long, or with the step `start-broker`. */
export const killBroker = stepKind(
  z.strictObject({
    step: z.literal("kill-broker"),
    downMs: Ms.optional(),
  }),
  ({ downMs }) => (downMs === undefined ? "the broker is killed" : `the broker is killed, and down for ${downMs} ms`),
);
