import * as z from "zod";

import { listed, type NestingKind } from "./nesting.ts";

/** Lists of steps that go on side by side; over when all are. The first that fails cuts the others short. */
export interface Together<Step> {
  readonly step: "together";
  readonly branches: readonly (readonly Step[])[];
}

export function togetherOf<Step>(step: z.ZodType<Step>): NestingKind<Step, Together<Step>> {
  return {
    schema: z.strictObject({ step: z.literal("together"), branches: z.array(z.array(step).min(1)).min(1) }),
    title: ({ branches }, titleOf) => `together: ${branches.map((branch) => listed(branch, titleOf)).join(" | ")}`,
  };
}
