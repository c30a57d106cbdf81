import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Asks every agent that is still there to withdraw. */
export const withdrawAll = stepKind(
  z.strictObject({
    step: z.literal("withdraw-all"),
    deadlineMs: Ms,
  }),
  () => "every agent that is still there withdraws",
);
