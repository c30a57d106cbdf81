import { toBytePath } from "./path-text.ts";

/** Whether a path (one character a byte) is one of these directories (ordinary strings), or lies in one. */
export function isWithin(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => depthWithin(path, directory) > 0);
}

/** Whether one of these directories lies in the directory at `path`. */
export function leadsTo(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => toBytePath(directory).startsWith(`${path}/`));
}

/** How long the directory's path is when the path is it or lies in it, else 0: the longest names the innermost. */
export function depthWithin(path: string, directory: string): number {
  const scope = toBytePath(directory).replace(/\/+$/, "");
  return scope !== "" && (path === scope || path.startsWith(`${scope}/`)) ? scope.length : 0;
}
