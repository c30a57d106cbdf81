import { isBelow } from "./path-scope.ts";
import type { Snapshot } from "./snapshot.ts";

/** A file that a loop device lies in, and where what is on the device is mounted. */
export interface ImageFile {
  /** `/dev/loop0` */
  readonly device: string;
  readonly points: readonly string[];
}

/**
 * Files that the kernel itself writes, for whoever changes what is mounted of them (loop(4)): it tells nobody of that.
 * Only those that lay so before the run and still do; by path, one character a byte.
 */
export function imageFiles(before: Snapshot, after: Snapshot): ReadonlyMap<string, ImageFile> {
  const old = new Map(backings(before));
  const known = new Set(mountsOf(before).map(({ source, point }) => `${source} ${point}`));
  const images = new Map<string, ImageFile>();
  for (const [device, path] of backings(after)) {
    if (old.get(device) !== path) continue;
    const mounts = mountsOf(after).filter(({ source, point }) => source === device && known.has(`${source} ${point}`));
    images.set(path, { device, points: mounts.map(({ point }) => point) });
  }
  return images;
}

/** Whether a file lies on what is mounted of an image. */
export function isOnImage(path: string, { points }: ImageFile): boolean {
  return points.some((point) => isBelow(path, point));
}

function backings({ listed }: Snapshot): [device: string, path: string][] {
  return (listed.storage ?? []).flatMap(({ location, attributes: { backing } }) =>
    typeof backing === "string" ? [[location, backing] as [string, string]] : [],
  );
}

function mountsOf({ listed }: Snapshot): { source: string; point: string }[] {
  return (listed.mounts ?? []).map(({ location, attributes: { source } }) => ({
    source: typeof source === "string" ? source : "",
    point: location,
  }));
}
