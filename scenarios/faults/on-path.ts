import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import type { Skipped } from "../../protocol/suite.ts";

/** Null where the program is there; else that it is missing, and which package of Debian has it. */
export function onPath(program: string, debianPackage: string): Skipped | null {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  if (directories.some((directory) => mayRun(join(directory, program)))) return null;
  return { why: `There is no ${program}.`, remedy: `On Debian: apt-get install ${debianPackage}.` };
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
