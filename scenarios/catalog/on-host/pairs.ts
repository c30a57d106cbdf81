import { UsageError } from "../../../foundation/errors.ts";
import { nearest } from "../../../foundation/nearest.ts";
import { catalog } from "../catalog.ts";
import { scenarioOfBug } from "../planted-name.ts";
import { plantedNames, readPlanted } from "../read-planted.ts";
import type { Pair } from "./pair-records.ts";

/** The scenarios that are played on real hosts alone, in the catalogue's order. */
export const hostScenarios = catalog.filter(({ stages }) => !stages.includes("sim"));

/** Every bug of a scenario that is for real hosts alone, with every one of these scenarios. */
export async function allPairs(): Promise<Pair[]> {
  const hosts = hostScenarios.map(({ name }) => name);
  const bugs = plantedNames().filter((bug) => hosts.includes(scenarioOfBug(bug)));
  const mutants = await Promise.all(bugs.map(readPlanted));
  return mutants.flatMap((mutant) => hostScenarios.map((scenario) => ({ mutant, scenario })));
}

/** Which pairs are asked for; an empty list stands for all. */
interface Choice {
  readonly bugs: readonly string[];
  readonly scenarios: readonly string[];
}

/** @throws UsageError for a name that no bug or scenario has */
export function chosenPairs(all: readonly Pair[], { bugs, scenarios }: Choice): Pair[] {
  const known = {
    bug: [...new Set(all.map(({ mutant }) => mutant.name))],
    scenario: [...new Set(all.map(({ scenario }) => scenario.name))],
  };
  for (const name of bugs) refuseUnknown("bug", name, known.bug);
  for (const name of scenarios) refuseUnknown("scenario", name, known.scenario);
  return all.filter(
    ({ mutant, scenario }) =>
      (bugs.length === 0 || bugs.includes(mutant.name)) &&
      (scenarios.length === 0 || scenarios.includes(scenario.name)),
  );
}

function refuseUnknown(what: "bug" | "scenario", name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const meant = nearest(name, known);
  throw new UsageError(`There is no ${what} "${name}" for real hosts alone.`, {
    code: `unknown-${what}`,
    next: meant === undefined ? "`npm run test:planted -- --list` shows them all." : `Did you mean ${meant}?`,
  });
}
