import { readdirSync } from "node:fs";
import { join, parse } from "node:path";

import { assert } from "../../foundation/assert.ts";
import { UsageError } from "../../foundation/errors.ts";
import type { Mutant } from "./mutant.ts";

const directory = join(import.meta.dirname, "mutants");

/**
 * The mutants of these names, or all, in the order of their names.
 *
 * @throws UsageError for a name that no mutant has
 */
export async function readMutants(names: readonly string[] = []): Promise<Mutant[]> {
  const known = readdirSync(directory)
    .map((file) => parse(file).name)
    .sort();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const next = `Name one of: ${known.join(", ")}.`;
    throw new UsageError(`There is no mutant "${unknown}".`, { code: "unknown-mutant", next });
  }
  const wanted = names.length === 0 ? known : names;
  return Promise.all(wanted.map(readMutant));
}

async function readMutant(name: string): Promise<Mutant> {
  const { default: mutant } = (await import(join(directory, `${name}.ts`))) as { default: Mutant };
  assert(mutant.name === name, `${name}.ts holds the mutant of that name`);
  return mutant;
}
