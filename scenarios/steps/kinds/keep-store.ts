import * as z from "zod";

import { faultName } from "./fields.ts";
import { stepKind } from "./step-kind.ts";

/** Keeps the broker's store as it is at this moment; the fault `lose-store` can bring it back to that. */
export const keepStore = stepKind(
  z.strictObject({ step: z.literal("keep-store"), as: faultName }),
  ({ as }) => `the broker's store is kept as it is (${as})`,
);
