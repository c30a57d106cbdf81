import { readFileSync } from "node:fs";

import { closeDetachedMount, hasFileSystem, openDetachedMount } from "../collectors/detached-mount.ts";

/**
 * File systems of the kernel that are there whether or not anybody mounts them, and where the scanner says that their
 * things are. Not those that end with their last mount (binfmt_misc since Linux 6.7): one that the recorder holds would
 * keep what lies in them.
 */
const placeOf: Readonly<Record<string, string>> = { tracefs: "/sys/kernel/tracing", mqueue: "/dev/mqueue" };

const directories = ["/sys/kernel/tracing", "/sys/kernel/tracing/instances", "/dev/mqueue"];

/** Mounts of the recorder's own that are on no place, so that it is told of what others do in theirs. */
export class PlacelessMounts {
  private readonly mounts = new Map<string, number>();

  /** Takes what this user may. */
  open(): void {
    const table = readFileSync("/proc/filesystems", "latin1");
    for (const [type, place] of Object.entries(placeOf)) {
      const mount = hasFileSystem(type, table) ? openDetachedMount(type) : null;
      if (mount !== null) this.mounts.set(place, mount);
    }
  }

  /** Directories in which things are made, by paths that only this process can resolve. */
  get directories(): string[] {
    return directories.map((directory) => this.pathOf(directory)).filter((path) => !directories.includes(path));
  }

  /** Where the recorder itself finds the tracer's files, with a slash at the end, by where they usually are. */
  get tracing(): ReadonlyMap<string, string> {
    const place = "/sys/kernel/tracing";
    const own = this.pathOf(place);
    return new Map(own === place ? [] : [[place, own]]);
  }

  /** @returns where a path leads in one of them; the path itself where it is of none */
  pathOf(path: string): string {
    for (const [place, mount] of this.mounts) {
      // The slash leads through the link.
      if (path === place || path.startsWith(`${place}/`))
        return `/proc/self/fd/${mount}/${path.slice(place.length + 1)}`;
    }
    return path;
  }

  close(): void {
    for (const mount of this.mounts.values()) closeDetachedMount(mount);
    this.mounts.clear();
  }
}
