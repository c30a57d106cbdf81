import type * as z from "zod";

import type { StepOf } from "./step.ts";
import type { HostStepStage, SimStepStage } from "./step-stage.ts";

/** A step that a scenario's author defined. */
export interface OwnStep {
  readonly name: string;
  /** Undefined for one that takes none. */
  readonly parameters: z.ZodType | undefined;
  readonly host: (stage: HostStepStage, parameters: unknown) => Promise<string | void> | string | void;
  /** Undefined for one that needs real processes. */
  readonly sim: ((stage: SimStepStage, parameters: unknown) => Promise<string | void> | string | void) | undefined;
}

type Result = Promise<string | void> | string | void;

const known = new Map<string, OwnStep>();

/**
 * Defines a kind of step. The result makes such a step, which is plain data, for the `steps` of a scenario.
 *
 * @param definition.name in lower case, with hyphens; no two definitions share one
 * @param definition.parameters what it takes: a zod schema of plain JSON data
 * @param definition.host what it does among real processes; says in words what came of it, or nothing, and throws when
 *   it cannot be done, which fails the run. What it changes on the host it tells `stage.undo` before
 * @param definition.sim the same in virtual time, where it may wait by its stage alone; without it scenarios that hold
 *   the step cannot be played there
 */
export function defineStep<Schema extends z.ZodType>(definition: {
  readonly name: string;
  readonly parameters: Schema;
  host(stage: HostStepStage, parameters: z.output<Schema>): Result;
  sim?(stage: SimStepStage, parameters: z.output<Schema>): Result;
}): (parameters: z.input<Schema>) => StepOf<"own">;
export function defineStep(definition: {
  readonly name: string;
  readonly parameters?: undefined;
  host(stage: HostStepStage): Result;
  sim?(stage: SimStepStage): Result;
}): () => StepOf<"own">;
export function defineStep(definition: {
  readonly name: string;
  readonly parameters?: z.ZodType | undefined;
  host(stage: HostStepStage, parameters: never): Result;
  sim?(stage: SimStepStage, parameters: never): Result;
}): (parameters?: unknown) => StepOf<"own"> {
  const { name, parameters } = definition;
  if (known.has(name)) throw new Error(`Two definitions of steps are named "${name}".`);
  known.set(name, {
    ...{ name, parameters },
    host: (stage, given) => definition.host(stage, given as never),
    sim: definition.sim === undefined ? undefined : (stage, given) => definition.sim?.(stage, given as never),
  });
  return (given) => ({
    ...{ step: "own", name },
    // Whether it is plain data, and what the schema asks for, is looked at when the scenario is.
    ...(given === undefined ? {} : { parameters: given as z.core.util.JSONType }),
  });
}

export function ownStepNamed(name: string): OwnStep | undefined {
  return known.get(name);
}

export function ownStepNames(): string[] {
  return [...known.keys()];
}
