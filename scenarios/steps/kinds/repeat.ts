import * as z from "zod";

import { limits } from "../../../foundation/limits.ts";
import { listed, type NestingKind } from "./nesting.ts";

/** Does the steps so many times, one round after the other. */
export interface Repeat<Step> {
  readonly step: "repeat";
  readonly times: number;
  readonly steps: readonly Step[];
}

export function repeatOf<Step>(step: z.ZodType<Step>): NestingKind<Step, Repeat<Step>> {
  return {
    schema: z.strictObject({
      step: z.literal("repeat"),
      times: z.int().min(1).max(limits.cyclesMax),
      steps: z.array(step).min(1),
    }),
    title: ({ times, steps }, titleOf) => `${times} times: ${listed(steps, titleOf)}`,
  };
}
