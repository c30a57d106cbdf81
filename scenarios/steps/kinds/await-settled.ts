import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Until every job of the batch has come to its end. */
export const awaitSettled = stepKind(
  z.strictObject({
    step: z.literal("await-settled"),
    batch: z.string(),
    withinMs: Ms,
  }),
  ({ batch }) => `wait until all jobs (${batch}) have ended`,
);
