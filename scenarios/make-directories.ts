import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory and whatever is missing above it.
 *
 * Level by level: Node's own recursive way never returns where the kernel answers ENOENT to every mkdir (/proc).
 *
 * @returns the topmost one that was made; null when all were there
 */
export function makeDirectories(path: string): string | null {
  if (existsSync(path)) return null;
  const above = makeDirectories(dirname(path));
  mkdirSync(path);
  return above ?? path;
}
