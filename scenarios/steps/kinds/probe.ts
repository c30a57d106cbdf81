import * as z from "zod";

import { Fact, factTitle } from "../facts.ts";
import { stepKind } from "./step-kind.ts";

/** A fact must hold at this moment. */
export const probe = stepKind(
  z.strictObject({ step: z.literal("probe"), holds: Fact }),
  ({ holds }) => `look whether ${factTitle(holds)}`,
);
