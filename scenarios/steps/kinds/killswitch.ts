import * as z from "zod";

import { Ms } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** The operator has the broker end every agent that it started. */
export const killswitch = stepKind(
  z.strictObject({ step: z.literal("killswitch"), withinMs: Ms }),
  () => "the killswitch is thrown",
);
