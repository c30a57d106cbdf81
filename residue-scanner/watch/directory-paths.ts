import { constants, readlinkSync } from "node:fs";

import { fileSystemIdBytes, handleHeaderBytes } from "./directory-handles.ts";
import type { KernelCalls } from "./kernel-calls.ts";

const openMount = constants.O_RDONLY | constants.O_DIRECTORY | 0o2000000;
/** O_PATH: naming a directory, not opening it. */
const openPlace = 0o10000000 | 0o2000000;
const pathsMax = 10_000;
const deleted = " (deleted)";

/** Leads from the key of a directory, as the kernel's file events name it, to its path now. */
export class DirectoryPaths {
  private readonly calls: KernelCalls;
  private readonly mountPoints = new Map<string, Buffer>();
  private readonly known = new Map<string, string | null>();
  private readonly handle = Buffer.from(new ArrayBuffer(handleHeaderBytes + 256));

  constructor(calls: KernelCalls) {
    this.calls = calls;
  }

  /** Says where a file system is mounted. It is not held: it can be unmounted. */
  addFileSystem(id: string, point: string): void {
    const path = Buffer.from(new ArrayBuffer(point.length + 1));
    path.write(point, 0, "latin1");
    this.mountPoints.set(id, path);
  }

  /** After a directory was moved or something was mounted, paths are others. */
  forget(): void {
    this.known.clear();
  }

  /** @returns one character a byte; null where the directory is gone, or its file system cannot open by handle */
  pathOf(key: string): string | null {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const path = this.resolve(key);
    if (this.known.size >= pathsMax) this.known.clear();
    this.known.set(key, path);
    return path;
  }

  private resolve(key: string): string | null {
    const point = this.mountPoints.get(key.slice(0, fileSystemIdBytes));
    if (point === undefined || key.length > fileSystemIdBytes + this.handle.length) return null;
    const { calls, handle } = this;
    handle.write(key.slice(fileSystemIdBytes), 0, "latin1");
    const mount = calls.open(calls.addressOf(point), openMount);
    if (mount < 0) return null;
    const place = calls.openByHandleAt(mount, calls.addressOf(handle), openPlace);
    calls.close(mount);
    if (place < 0) return null;
    try {
      const path = readlinkSync(`/proc/self/fd/${place}`, "latin1");
      return path.startsWith("/") && !path.endsWith(deleted) ? path : null;
    } catch {
      return null;
    } finally {
      calls.close(place);
    }
  }
}
