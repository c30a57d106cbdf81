import * as z from "zod";

import { Ms } from "./fields.ts";
import { listed, type NestingKind } from "./nesting.ts";

/**
 * Does `meanwhile` again and again while `steps` go on: load, or probes of what must hold all the time. When they are
 * over, what is just being done of it is ended and no more of it begun.
 */
export interface During<Step> {
  readonly step: "during";
  readonly steps: readonly Step[];
  readonly meanwhile: readonly Step[];
  /** From the end of one round to the next; 50 ms, if nothing is said. */
  readonly everyMs?: number | undefined;
}

export function duringOf<Step>(step: z.ZodType<Step>): NestingKind<Step, During<Step>> {
  return {
    schema: z.strictObject({
      step: z.literal("during"),
      steps: z.array(step).min(1),
      meanwhile: z.array(step).min(1),
      everyMs: Ms.optional(),
    }),
    title: ({ steps, meanwhile }, titleOf) =>
      `${listed(steps, titleOf)}; meanwhile, again and again: ${listed(meanwhile, titleOf)}`,
  };
}
