import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** Compares the results of the batch's completed jobs with the harness's own computation. */
export const verifyResults = stepKind(
  z.strictObject({
    step: z.literal("verify-results"),
    batch: z.string(),
  }),
  ({ batch }) => `compare the results (${batch})`,
);
