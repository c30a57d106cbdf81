import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { crontabPlaces } from "./crontabs.ts";
import { configurationFiles, readLines } from "./listed/configuration.ts";

/** Files whose lines are facts of their own, one character a byte; crontabs only where they are there already. */
export function sharedLineFiles(): string[] {
  return [...configurationFiles(), ...crontabPlaces.flatMap(({ path, holds }) => filesOf(path, holds))];
}

/** Keys of the lines that stand in one of them, as their facts have; null where it cannot be told. */
export function readLineKeys(file: string): readonly string[] | null {
  const lines = readLines(file);
  if (lines !== null) return lines.map(({ key }) => key);
  return existsSync(Buffer.from(file, "latin1")) ? null : [];
}

function filesOf(path: string, holds: (typeof crontabPlaces)[number]["holds"]): string[] {
  if (holds === "crontab") return [path];
  if (holds !== "user-crontabs" && holds !== "crontabs") return [];
  try {
    return readdirSync(path, "latin1").map((name) => join(path, name));
  } catch {
    // Not there, or not this user's to read.
    return [];
  }
}
