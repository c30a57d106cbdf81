import type { AttributionContext } from "./attribution-context.ts";
import type { FileDifference } from "./difference.ts";
import { isBelow, isWithin } from "./path-scope.ts";
import { toBytePath } from "./path-text.ts";

/**
 * Whether the harness itself writes a file of this name. Everybody whom it starts is told where the run directory is,
 * so lying in it proves nothing. Where the harness has not named its files, all of its directories are its own.
 *
 * @param path one character a byte
 */
export function isHarnessFile(path: string, { harnessPaths, harnessFiles }: AttributionContext): boolean {
  if (harnessFiles === undefined) return isWithin(path, harnessPaths);
  return harnessPaths.map(toBytePath).some((directory) => {
    const trimmed = directory.replace(/\/+$/, "");
    return path === trimmed || harnessFiles.some((name) => bears(path, trimmed, toBytePath(name)));
  });
}

/** What the harness writes is plain: nothing to run, no rights that anybody changed. */
export function isPlain({ key, change, changed, after }: FileDifference, harnessPaths: readonly string[]): boolean {
  if (after === null) return false;
  if (change === "changed" && !changed.every((name) => contentAttributes.includes(name))) return false;
  if (after.kind === "file") return (after.permissions & 0o6111) === 0;
  if (after.kind === "directory") return (after.permissions & 0o6000) === 0;
  // Of links it makes the one beside the run directory only.
  return after.kind === "symlink" && !isWithin(key, harnessPaths);
}

/** What writing to a file, or putting a new one in its place, changes. */
const contentAttributes: readonly string[] = ["size", "mtime", "ctime", "btime", "ino", "nlink"];

function bears(path: string, directory: string, name: string): boolean {
  if (name.startsWith("../")) return bears(path, directory.slice(0, directory.lastIndexOf("/")), name.slice(3));
  if (name.endsWith("/")) return isBelow(path, `${directory}/${name.slice(0, -1)}`);
  const [head = "", tail] = `${directory}/${name}`.split("*");
  if (tail === undefined) return path === head;
  const middle = path.slice(head.length, path.length - tail.length);
  return path.startsWith(head) && path.endsWith(tail) && middle !== "" && !middle.includes("/");
}
