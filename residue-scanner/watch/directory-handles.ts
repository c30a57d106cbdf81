import type { KernelCalls } from "./kernel-calls.ts";
import { type PathReach, pathBytesMax } from "./path-reach.ts";

/** name_to_handle_at(2): for telling files apart only, as in file events (Linux 6.5). */
const atHandleForIdentity = 0x200;
const atFdcwd = -100;
const errnoInvalid = 22;
const handleBytesMax = 128;
export const handleHeaderBytes = 8;
/** Where statfs(2) of 64-bit Linux has the file system's id, and how much it fills. */
const fileSystemIdAt = 56;
export const fileSystemIdBytes = 8;
const statfsBytes = 256;

/** Leads from a path to the key under which the kernel's file events name that directory. */
export class DirectoryHandles {
  private readonly calls: KernelCalls;
  private readonly handle = Buffer.from(new ArrayBuffer(handleHeaderBytes + handleBytesMax));
  private readonly mountId = new DataView(new ArrayBuffer(8));
  private readonly fileSystemIds = new Map<number, string>();
  private readonly fileSystem = Buffer.from(new ArrayBuffer(statfsBytes));
  private readonly path = Buffer.from(new ArrayBuffer(pathBytesMax));
  private readonly reach: PathReach;
  private flags = atHandleForIdentity;

  constructor(calls: KernelCalls, reach: PathReach) {
    this.calls = calls;
    this.reach = reach;
  }

  /**
   * @param path one character a byte; it may be longer than the kernel takes, or lie under a mount (`covered-path.ts`)
   * @returns the file system's id and the file's handle, one character a byte; null where there are none
   */
  keyOf(path: string): string | null {
    return this.reach.to(path, (reached, isFleeting) => this.keyAt(reached, isFleeting));
  }

  /** After something was mounted or unmounted, the ids of mounts may be others'. */
  forget(): void {
    this.fileSystemIds.clear();
  }

  /** @returns the id of the mount that the path leads to, as in /proc/self/mountinfo; null where the kernel does not say */
  mountIdOf(path: string): number | null {
    return this.encode(path) < 0 ? null : this.mountId.getInt32(0, true);
  }

  /** @returns zero-terminated, overwritten by the next call; null where it is longer than the kernel takes */
  pathBytes(path: string): Buffer | null {
    if (path.length >= pathBytesMax) return null;
    this.path.write(path, 0, "latin1");
    this.path[path.length] = 0;
    return this.path;
  }

  private keyAt(path: string, isFleeting: boolean): string | null {
    const bytes = this.encode(path);
    if (bytes < 0) return null;
    const handle = this.handle.toString("latin1", 0, bytes);
    const mount = this.mountId.getInt32(0, true);
    // The id of a mount that ends with this question is soon another one's.
    const known = isFleeting ? undefined : this.fileSystemIds.get(mount);
    if (known !== undefined) return known + handle;
    const { calls } = this;
    if (calls.statfs(calls.addressOf(this.path), calls.addressOf(this.fileSystem)) !== 0) return null;
    const id = this.fileSystem.toString("latin1", fileSystemIdAt, fileSystemIdAt + fileSystemIdBytes);
    if (!isFleeting) this.fileSystemIds.set(mount, id);
    return id + handle;
  }

  /** @returns how many bytes `handle` has; -1 for an error */
  private encode(path: string): number {
    if (this.pathBytes(path) === null) return -1;
    for (;;) {
      this.handle.writeUInt32LE(handleBytesMax, 0);
      const { calls } = this;
      const result = calls.nameToHandleAt(
        atFdcwd,
        calls.addressOf(this.path),
        calls.addressOf(this.handle),
        calls.addressOf(this.mountId),
        this.flags,
      );
      if (result === 0) return handleHeaderBytes + this.handle.readUInt32LE(0);
      if (calls.errno() !== errnoInvalid || this.flags === 0) return -1;
      // An older kernel: the handles that it gives out are those of its events all the same.
      this.flags = 0;
    }
  }
}
