import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Until every job of the batch has come to its end. */
export const awaitSettled = stepKind(
  z.strictObject({
    step: z.literal("await-settled"),
    batch: z.string(),
    withinMs: Ms,
    /** So much longer for each job of the batch, so that the wait is long enough however many there are. */
    perJobMs: Ms.optional(),
  }),
  ({ batch }) => `wait until all jobs (${batch}) have ended`,
);

/** How long it is waited for a batch of so many, in milliseconds. */
export function settledWithinMs({ withinMs, perJobMs = 0 }: z.infer<typeof awaitSettled.schema>, jobs: number): number {
  return Math.min(limits.timerMsMax, withinMs + perJobMs * jobs);
}
