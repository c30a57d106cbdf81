import type * as z from "zod";

/** What all steps of one kind have in common: their fields, and what such a step does, in words for the live report. */
export interface StepKind<Schema extends z.ZodObject> {
  readonly schema: Schema;
  readonly title: (step: z.infer<Schema>) => string;
}

/** @param schema with the field `step`, which holds the kind's name and nothing else */
export function stepKind<Schema extends z.ZodObject>(
  schema: Schema,
  title: (step: z.infer<Schema>) => string,
): StepKind<Schema> {
  return { schema, title };
}
