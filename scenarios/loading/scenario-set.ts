import { globSync } from "node:fs";
import { join, resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { catalog } from "../catalog/catalog.ts";
import type { Scenario } from "../steps/scenario.ts";
import { isFile } from "./is-file.ts";
import { placeOf } from "./place-of.ts";

/** The refusals of files that a glob found and that cannot be used, for whoever can do without them. */
export type BrokenFiles = UsageError[];

interface Where {
  readonly globs: readonly string[];
  readonly folder: string;
  /** Absolute, or from here. */
  readonly files?: readonly string[];
  readonly whole: boolean;
  /** Takes what is wrong with files that a glob found, which are left out then. */
  readonly broken?: BrokenFiles;
}

/**
 * The same set for those names: whoever names scenarios is not held up by other files that cannot be used, which are left
 * out and told of; a pattern may have meant one of them.
 *
 * @param words names, globs or files, as on the command line
 * @throws UsageError as `scenarioSet`
 */
export async function scenariosAmong(words: readonly string[], where: Where): Promise<readonly Scenario[]> {
  const broken: BrokenFiles = [];
  const all = await scenarioSet({ ...where, broken });
  const isKnown = (word: string) => isFile(word) || all.some(({ name }) => name === word);
  const [first] = broken;
  if (first !== undefined && (words.length === 0 || !words.every(isKnown))) throw first;
  tellBroken(broken);
  return all;
}

/**
 * The catalogue, then what the configuration's globs find, then the files that were named; each file once.
 *
 * @throws UsageError `bad-file` of one that cannot be used, or `same-name` when two scenarios share one
 */
export async function scenarioSet({ globs, folder, files = [], whole, broken }: Where): Promise<readonly Scenario[]> {
  const found = globs.flatMap((glob) =>
    globSync(glob, { cwd: folder })
      .toSorted()
      .map((path) => join(folder, path)),
  );
  if (found.length === 0 && files.length === 0) return catalog;
  const { loadScenario } = await import("./load-scenario.ts");
  const own: Scenario[] = [];
  const named = new Set(files.map((one) => resolve(one)));
  for (const file of new Set([...found, ...named])) {
    try {
      own.push(await loadScenario(file, { whole }));
    } catch (error) {
      if (broken === undefined || named.has(file) || !(error instanceof UsageError)) throw error;
      broken.push(error);
    }
  }
  const all = [...catalog, ...own];
  checkNames(all);
  return all;
}

/** Tells of files that were left out, where that may be: what was asked for is among the rest. */
export function tellBroken(broken: BrokenFiles): void {
  for (const { message } of broken) process.stderr.write(`Left out, because it cannot be used: ${message}\n`);
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
