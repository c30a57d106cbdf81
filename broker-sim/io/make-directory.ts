import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { systemCode } from "../../foundation/errors.ts";

/**
 * Makes a directory and those above it that are missing, each for its own user alone (0700). Node's own `recursive` never
 * comes back where a parent is there and nothing can be made in it, as in /proc.
 *
 * @throws what mkdir(2) says, and `ENOTDIR` when something else is there
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") {
      if (statSync(path).isDirectory()) return;
      throw Object.assign(new Error(`${path} is no directory`), { code: "ENOTDIR", cause: error });
    }
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    makeMissing(path);
  }
}

/** Another process may have been faster. */
function makeMissing(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}
