import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { systemCode } from "../foundation/errors.ts";

/**
 * Makes a directory and whatever is missing above it.
 *
 * Level by level: Node's own recursive way never returns where the kernel answers ENOENT to every mkdir (/proc).
 */
export function makeDirectories(path: string): void {
  if (existsSync(path)) return;
  makeDirectories(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another program made it in this moment.
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/**
 * Looks whether files could be written into a directory that need not be there yet, and leaves nothing behind.
 *
 * What is made to find out has a name of its own: others may look, or make the directory, at the same time.
 *
 * @throws the system's error
 */
export function checkDirectory(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new Error("it is no folder");
    accessSync(path, constants.W_OK | constants.X_OK);
    return;
  }
  let above = dirname(path);
  while (!existsSync(above)) above = dirname(above);
  rmdirSync(mkdtempSync(join(above, ".probe-")));
}
