import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Lets so much time pass. What can be waited for is better waited for: see `eventually-within` and `wait-until`. */
export const wait = stepKind(
  z.strictObject({
    step: z.literal("wait"),
    forMs: Ms,
  }),
  ({ forMs }) => `let ${forMs} ms pass`,
);
