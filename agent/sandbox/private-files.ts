import { accessSync, constants, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";

export interface PrivateFile {
  readonly path: string;
  readonly isDirectory: boolean;
}

const readableByOthers = 0o004;
const enterableByOthers = 0o001;
/** A directory of settings has some thousand entries; more than this are not looked at. */
const entriesMax = 100_000;

/**
 * What in a directory this user may read and others may not, the outermost of each: keys and password hashes, for root.
 * What lies in a private directory is not listed.
 */
export function privateFiles(directory: string): PrivateFile[] {
  const found: PrivateFile[] = [];
  const waiting = [directory];
  let entries = 0;
  for (let next = waiting.pop(); next !== undefined && entries < entriesMax; next = waiting.pop()) {
    for (const name of namesIn(next)) {
      entries += 1;
      const path = join(next, name);
      const status = lstatSync(path, { throwIfNoEntry: false });
      // A link has no secret; what it leads to has its own permissions.
      if (status === undefined || status.isSymbolicLink()) continue;
      if (isForOthers(status)) {
        if (status.isDirectory()) waiting.push(path);
      } else if (isForUs(path)) {
        found.push({ path, isDirectory: status.isDirectory() });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isForOthers(status: Stats): boolean {
  const wanted = status.isDirectory() ? readableByOthers | enterableByOthers : readableByOthers;
  return (status.mode & wanted) === wanted;
}

function isForUs(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // It went, or is not readable for this user: then not for a job either.
    return [];
  }
}
