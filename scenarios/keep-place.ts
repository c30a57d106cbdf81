import { cpSync, existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { messageOf } from "../foundation/errors.ts";

/**
 * Copies what agents left in their homes into the run directory, before it is undone. Of a run that went through there
 * is nothing. Sockets and pipes are left out: without their process they are no evidence.
 */
export function keepPlace(place: string | undefined, kept: string): void {
  if (place === undefined) return;
  // All of it: whatever is thrown here would keep the clean-up from being done.
  try {
    if (!existsSync(place)) return;
    for (const name of readdirSync(place)) {
      cpSync(join(place, name), join(kept, name), {
        ...{ recursive: true, preserveTimestamps: true, verbatimSymlinks: true },
        filter: (path) => isStored(path),
      });
    }
  } catch (error) {
    process.stderr.write(`Not all of ${place} could be kept: ${messageOf(error)}.\n`);
  }
}

/** Something may vanish while it is looked at: its processes still run. */
function isStored(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFile() || stat.isDirectory() || stat.isSymbolicLink());
}
