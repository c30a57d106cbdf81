import { globSync } from "node:fs";
import { join, resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { catalog } from "../catalog/catalog.ts";
import type { Scenario } from "../steps/scenario.ts";
import { placeOf } from "./place-of.ts";

/**
 * The catalogue, then what the configuration's globs find, then the files that were named; each file once.
 *
 * @throws UsageError `bad-file` of one that cannot be used, or `same-name` when two scenarios share one
 */
export async function scenarioSet({
  globs,
  folder,
  files = [],
  whole,
}: {
  readonly globs: readonly string[];
  readonly folder: string;
  /** Absolute, or from here. */
  readonly files?: readonly string[];
  readonly whole: boolean;
}): Promise<readonly Scenario[]> {
  const found = globs.flatMap((glob) =>
    globSync(glob, { cwd: folder })
      .toSorted()
      .map((path) => join(folder, path)),
  );
  if (found.length === 0 && files.length === 0) return catalog;
  const { loadScenario } = await import("./load-scenario.ts");
  const own: Scenario[] = [];
  for (const file of new Set([...found, ...files.map((one) => resolve(one))])) {
    own.push(await loadScenario(file, { whole }));
  }
  const all = [...catalog, ...own];
  checkNames(all);
  return all;
}

function checkNames(scenarios: readonly Scenario[]): void {
  const first = new Map<string, Scenario>();
  for (const scenario of scenarios) {
    const { name, file } = scenario;
    const other = first.get(name);
    first.set(name, other ?? scenario);
    if (other === undefined || file === undefined) continue;
    const where = other.file === undefined ? "the catalogue" : placeOf(other.file, undefined);
    throw new UsageError(`${placeOf(file, undefined)}: ${where} has a scenario "${name}" already.`, {
      code: "same-name",
      next: "Give one of them another name.",
    });
  }
}
