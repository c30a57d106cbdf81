import { UsageError } from "../../../foundation/errors.ts";
import { nearest } from "../../../foundation/nearest.ts";
import { catalog } from "../catalog.ts";
import { scenarioOfBug } from "../planted-name.ts";
import { plantedNames, readPlanted } from "../read-planted.ts";
import type { Pair } from "./pair-records.ts";

/** The scenarios that are played on real hosts alone, in the catalogue's order. */
export const hostScenarios = catalog.filter(({ stages }) => !stages.includes("sim"));

/** Every bug that only a real host shows, with its own scenario and every one that is for real hosts alone. */
export async function allPairs(): Promise<Pair[]> {
  const all = await Promise.all(plantedNames().map(readPlanted));
  return all.flatMap((mutant) => {
    const own = scenarioOfBug(mutant.name);
    const isForHosts = mutant.onHost === true || hostScenarios.some(({ name }) => name === own);
    const played = catalog.filter((one) => one.name === own || hostScenarios.includes(one));
    return isForHosts ? played.map((scenario) => ({ mutant, scenario })) : [];
  });
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
  throw new UsageError(`There is no ${what} "${name}" among those that only a real host shows.`, {
    code: `unknown-${what}`,
    next: meant === undefined ? "`npm run test:planted -- --list` shows them all." : `Did you mean ${meant}?`,
  });
}
