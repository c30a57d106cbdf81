import { toBytePath } from "./path-text.ts";

/** Whether a path is a directory or lies in it; both in the same alphabet, without a slash at the end. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}

/** Whether a path (one character a byte) is one of these directories (ordinary strings), or lies in one. */
export function isWithin(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => depthWithin(path, directory) > 0);
}

/** Whether one of these directories lies in the directory at `path`. */
export function leadsTo(path: string, directories: readonly string[]): boolean {
  return directories.map(toBytePath).some((directory) => directory !== path && isBelow(directory, path));
}

/** How long the directory's path is when the path is it or lies in it, else 0: the longest names the innermost. */
export function depthWithin(path: string, directory: string): number {
  const scope = toBytePath(directory).replace(/\/+$/, "");
  return scope !== "" && isBelow(path, scope) ? scope.length : 0;
}
