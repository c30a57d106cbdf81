import { constants } from "node:fs";

import { coveredPlace } from "../core/covered-path.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import type { PlacelessMounts } from "./placeless-mounts.ts";

/** PATH_MAX, with the zero at the end. */
export const pathBytesMax = 4096;
/** O_PATH and O_CLOEXEC: naming a directory, not opening it. */
const openPlace = 0o10000000 | constants.O_DIRECTORY | 0o2000000;
/** open_tree(2): the same number on every architecture; OPEN_TREE_CLONE and OPEN_TREE_CLOEXEC. */
const openTreeCall = 428;
const openClone = 0x1 | 0o2000000;
const atFdcwd = -100;

/** Gives the kernel a path that it takes for one that it does not: too long, under a mount, or mounted on no place. */
export class PathReach {
  private readonly calls: KernelCalls;
  private readonly placeless: PlacelessMounts;
  private readonly bytes = Buffer.from(new ArrayBuffer(pathBytesMax));

  constructor(calls: KernelCalls, placeless: PlacelessMounts) {
    this.calls = calls;
    this.placeless = placeless;
  }

  /**
   * @param path one character a byte, of `covered-path.ts` where a mount covers it
   * @param use gets a path that leads there while it runs, and whether by a mount that is gone afterwards
   * @returns null where none leads there
   */
  to<T>(path: string, use: (path: string, isFleeting: boolean) => T): T | null {
    const covered = coveredPlace(path);
    if (covered === null) return this.shortened(this.placeless.pathOf(path), (short) => use(short, false));
    const above = covered.point.slice(0, covered.point.lastIndexOf("/"));
    // A clone without what is mounted below it: there, nothing covers anything.
    return this.shortened(above === "" ? "/" : above, (short) =>
      this.through(this.clone(short), covered.path.slice(above.length), (at) => use(at, true)),
    );
  }

  /** A path that is too long leads through a directory that is held as long as it is used. */
  private shortened<T>(path: string, use: (path: string) => T): T | null {
    if (path.length < pathBytesMax) return use(path);
    const cut = path.lastIndexOf("/", pathBytesMax - 2);
    if (cut <= 0) return null;
    const { calls } = this;
    const directory = calls.open(this.addressOf(path.slice(0, cut)), openPlace);
    return this.through(directory, path.slice(cut), use);
  }

  private through<T>(descriptor: number, rest: string, use: (path: string) => T): T | null {
    if (descriptor < 0) return null;
    try {
      return this.shortened(`/proc/self/fd/${descriptor}${rest}`, use);
    } finally {
      this.calls.close(descriptor);
    }
  }

  private clone(path: string): number {
    return this.calls.syscall(openTreeCall, atFdcwd, this.addressOf(path), openClone, 0);
  }

  private addressOf(path: string): number {
    this.bytes.write(path, 0, "latin1");
    this.bytes[path.length] = 0;
    return this.calls.addressOf(this.bytes);
  }
}
