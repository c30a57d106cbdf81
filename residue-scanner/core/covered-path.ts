/**
 * Paths of what lies under a mount: `/mnt/` + this + `/file` is the `/mnt/file` that one would see if nothing were mounted
 * at /mnt. No name holds a zero byte, so nothing else is called that.
 */
const mark = "\0";

/** What everything in the directory under the mount at a point begins with; it stands for the directory itself too. */
export function coveredPath(point: string): string {
  return `${point}/${mark}`;
}

export function isCovered(path: string): boolean {
  return path.includes(mark);
}

/** @returns the path that it would have without the mount, and where that is; null for what nothing covers */
export function coveredPlace(path: string): { readonly path: string; readonly point: string } | null {
  const at = path.indexOf(`/${mark}`);
  if (at < 0) return null;
  return { path: path.slice(0, at) + path.slice(at + 2), point: path.slice(0, at) };
}

/** How a place under a mount is told to people; `isCoveredLocation` of protocol/finding-location.ts knows it. */
export function coveredText({ path, point }: { readonly path: string; readonly point: string }): string {
  return `${path} (under the mount at ${point})`;
}
