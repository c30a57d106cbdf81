import * as z from "zod";

import { AssertionError } from "../../../foundation/assert.ts";

/**
 * What a value must be before anything is done with it: the real bodies write it to a socket or a file, and whoever
 * reads it there refuses what is not so. That nothing is missing is cheap to see, and always looked at; the whole is
 * looked at where messages cross as bytes.
 */
export class Form<S extends z.ZodType> {
  readonly #name: string;
  readonly #schema: S;
  readonly #needed: readonly string[];

  /** @param name whose value it is, for the message */
  constructor(name: string, schema: S) {
    this.#name = name;
    this.#schema = schema;
    this.#needed = neededBy(schema);
  }

  /** @throws AssertionError when something is missing, or where the whole is looked at and wrong */
  demand(value: unknown, isWhole: boolean): void {
    if (isWhole) this.#parse(value);
    else for (const key of this.#needed) if ((value as Record<string, unknown>)[key] === undefined) this.#parse(value);
  }

  /**
   * How a value arrives that crosses as bytes.
   *
   * @throws AssertionError when its schema refuses it there
   */
  crossed(value: unknown): z.infer<S> {
    return this.#parse(JSON.parse(JSON.stringify(value)));
  }

  #parse(value: unknown): z.infer<S> {
    const parsed = this.#schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new AssertionError(`${this.#name} is not what the protocol says: ${z.prettifyError(parsed.error)}`);
  }
}

function neededBy(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Record<string, z.ZodType>;
  return Object.keys(shape).filter((key) => shape[key]?.safeParse(undefined).success === false);
}
