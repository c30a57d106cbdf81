import * as z from "zod";

import { type During, duringOf } from "./kinds/during.ts";
import type { NestingKind } from "./kinds/nesting.ts";
import { plainKinds, type PlainStep } from "./kinds/plain-kinds.ts";
import { type Repeat, repeatOf } from "./kinds/repeat.ts";
import { type Together, togetherOf } from "./kinds/together.ts";

/** The steps of a scenario: plain data, interpreted on a stage. */
export type Step = PlainStep | NestingStep;
export type NestingStep = Together<Step> | During<Step> | Repeat<Step>;
export type StepOf<Name extends Step["step"]> = Extract<Step, { step: Name }>;

const nested: z.ZodType<Step> = z.lazy(() => Step);
const nestingKinds: { readonly [Name in NestingStep["step"]]: NestingKind<Step, StepOf<Name>> } = {
  together: togetherOf(nested),
  during: duringOf(nested),
  repeat: repeatOf(nested),
};

const schemas = [...Object.values(plainKinds), ...Object.values(nestingKinds)].map(({ schema }) => schema);
export const Step = z.discriminatedUnion("step", schemas as unknown as [z.ZodObject]) as unknown as z.ZodType<Step>;

/** Every kind of step by its name. */
export const stepNames = [...Object.keys(plainKinds), ...Object.keys(nestingKinds)] as readonly Step["step"][];

/** The fields of a kind of step; none of one that there is not. */
export function fieldsOf(name: string): string[] {
  const kinds: Readonly<Record<string, { readonly schema: unknown }>> = { ...plainKinds, ...nestingKinds };
  const schema = kinds[name]?.schema;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What a step does, for the live report. */
export function stepTitle(step: Step): string {
  // The tables pair each kind with its own title; that step and kind belong together is beyond the checker's sight.
  if (isNesting(step)) return kindOf(step).title(step, stepTitle);
  return (plainKinds[step.step].title as (step: PlainStep) => string)(step);
}

function isNesting(step: Step): step is NestingStep {
  return Object.hasOwn(nestingKinds, step.step);
}

function kindOf(step: NestingStep): NestingKind<Step, NestingStep> {
  return nestingKinds[step.step] as unknown as NestingKind<Step, NestingStep>;
}
