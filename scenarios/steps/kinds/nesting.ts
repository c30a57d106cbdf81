import type * as z from "zod";

/** The kind of a step that holds others; what a step is comes from outside, because it may be one of these itself. */
export interface NestingKind<Step, Outer extends { readonly step: string }> {
  readonly schema: z.ZodType<Outer>;
  readonly title: (step: Outer, titleOf: (step: Step) => string) => string;
}

const titlesShown = 3;

/** A list of steps in a title, the first few of them. */
export function listed<Step>(steps: readonly Step[], titleOf: (step: Step) => string): string {
  const shown = steps.slice(0, titlesShown).map(titleOf);
  return [...shown, ...(steps.length > titlesShown ? [`${steps.length - titlesShown} more`] : [])].join("; ");
}
