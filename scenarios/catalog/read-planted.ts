import { readdirSync } from "node:fs";

import { catalog } from "./catalog.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { scenarioOfBug } from "./planted-name.ts";

const directory = new URL("planted/", import.meta.url);
const names = catalog.map(({ name }) => name);

/** The names of all planted bugs, in the catalogue's order, a scenario's further ones after its first. */
export function plantedNames(): string[] {
  return readdirSync(directory)
    .map((file) => file.replace(/\.ts$/, ""))
    .toSorted(
      (one, other) =>
        names.indexOf(scenarioOfBug(one)) - names.indexOf(scenarioOfBug(other)) || one.length - other.length,
    );
}

export async function readPlanted(name: string): Promise<PlantedBug> {
  const { default: mutant } = (await import(new URL(`${name}.ts`, directory).href)) as { default: PlantedBug };
  return mutant;
}
