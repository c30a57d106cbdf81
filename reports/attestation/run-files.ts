import { readdirSync } from "node:fs";
import { join } from "node:path";

import { systemCode, messageOf, UsageError } from "../../foundation/errors.ts";
import { fileDigests } from "./digests.ts";
import type { Resource } from "./statements.ts";

/**
 * The digest of each file in a run's directory, by its path in there, in the order of the paths' code units.
 *
 * @throws UsageError `run-files` when something in there is neither file nor folder, or cannot be read
 */
export async function runFiles(runDirectory: string): Promise<Resource[]> {
  const files: Resource[] = [];
  for (const name of filesIn(runDirectory, "").toSorted()) {
    files.push({ name, digest: await fileDigests(join(runDirectory, name)) });
  }
  return files;
}

function filesIn(root: string, folder: string): string[] {
  return entriesOf(join(root, folder)).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(root, path);
    if (entry.isFile()) return [path];
    throw new UsageError(`${join(root, path)} is neither a file nor a folder, so that it has no digest.`, {
      code: "run-files",
      next: "A run's directory holds files alone: look who put that there, and take it away.",
    });
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new UsageError(`Cannot read ${folder}: ${systemCode(error) ?? messageOf(error)}.`, {
      code: "run-files",
      next: "Read it as the user who ran the scenario.",
      cause: error,
    });
  }
}

/** What differs between two listings, in words; empty where they are the same. */
export function differingFiles(attested: readonly Resource[], found: readonly Resource[]): string[] {
  const foundBy = new Map(found.map(({ name, digest }) => [name, digest.sha256]));
  const names = new Set(attested.map(({ name }) => name));
  return [
    ...attested.flatMap(({ name, digest }) => {
      const seen = foundBy.get(name);
      if (seen === undefined) return [`${name} is missing`];
      return seen === digest.sha256 ? [] : [`${name} is not what was attested`];
    }),
    ...found.flatMap(({ name }) => (names.has(name) ? [] : [`${name} was not there`])),
  ];
}
