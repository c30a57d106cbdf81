import { readdirSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";

/** Where `scenarios run` puts its runs unless told otherwise, relative to the current folder. */
export const rootDefault = ".scenarios";

/** The names of the runs under `root`, newest first (a run's name begins with its time). Empty where there are none. */
export function runNames(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .toSorted()
      .toReversed();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw new UsageError(`Cannot read the runs in ${root}: ${systemCode(error) ?? String(error)}.`, {
      code: "runs-unreadable",
      next: "Name the folder that holds the runs with --root DIR.",
      cause: error,
    });
  }
}

/**
 * The directory of the run that a user means: `latest`, a run's name under `root`, or a path.
 *
 * @param option how the program that asks calls the folder
 * @throws UsageError `no-runs` or `unknown-run`, which suggests the nearest name
 */
export function findRun(wanted: string, root: string, option = "--root"): string {
  if (wanted.includes(sep) && isDirectory(wanted)) return resolve(wanted);
  const names = runNames(root);
  const [newest] = names;
  if (newest === undefined) {
    if (wanted !== "latest" && isDirectory(wanted)) return resolve(wanted);
    throw new UsageError(`There are no runs in ${root} yet.`, {
      code: "no-runs",
      next: `Make one with \`npx scenarios run withdraw-under-load\`, or name the folder that holds the runs with ${option} DIR.`,
    });
  }
  if (wanted === "latest") {
    // The link may be gone or point nowhere; the newest name says the same.
    const linked = join(root, "latest");
    return resolve(isDirectory(linked) ? linked : join(root, newest));
  }
  if (names.includes(wanted)) return resolve(root, wanted);
  if (isDirectory(wanted)) return resolve(wanted);
  const suggestion = nearest(wanted, names);
  throw new UsageError(`There is no run ${JSON.stringify(wanted)} in ${root}.`, {
    code: "unknown-run",
    next: suggestion === undefined ? "See all with `npx reports list`." : `Did you mean ${suggestion}?`,
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
