import * as z from "zod";

import { stepKind } from "./step-kind.ts";

/** Has the residue scanner find what jobs were told to leave outside their workspaces; then that is taken away. */
export const findResidue = stepKind(
  z.strictObject({ step: z.literal("find-residue") }),
  () => "scan for what jobs left, and take it away",
);
