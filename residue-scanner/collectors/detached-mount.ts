import { kernelCalls } from "./kernel-calls.ts";

const closeOnExec = 0x1;
/** FSCONFIG_CMD_CREATE of linux/mount.h. */
const create = 6;

/**
 * Mounts a file system of the kernel on no place at all (fsmount(2)), so that nobody sees it, and it ends with its
 * descriptor. Needs CAP_SYS_ADMIN.
 *
 * @returns a descriptor for `closeDetachedMount`; null where this user, or this kernel, cannot
 */
export function openDetachedMount(type: string): number | null {
  const calls = kernelCalls();
  if (calls === null) return null;
  const name = Buffer.from(`${type}\0`);
  const context = calls.fsopen(calls.addressOf(name), closeOnExec);
  if (context < 0) return null;
  try {
    if (calls.fsconfig(context, create, 0, 0, 0) !== 0) return null;
    const mount = calls.fsmount(context, closeOnExec, 0);
    return mount < 0 ? null : mount;
  } finally {
    calls.close(context);
  }
}

/** Node's own close(2) warns, in a worker, of descriptors that it did not open. */
export function closeDetachedMount(mount: number): void {
  kernelCalls()?.close(mount);
}

/**
 * Has a file system of the kernel read that need not be mounted anywhere.
 *
 * @param use gets a path that leads there while it runs, and in this process alone (it is below /proc/self)
 * @returns null where this user, or this kernel, cannot
 */
export function withDetachedMount<T>(type: string, use: (directory: string) => T): T | null {
  const mount = openDetachedMount(type);
  if (mount === null) return null;
  try {
    return use(`/proc/self/fd/${mount}`);
  } finally {
    closeDetachedMount(mount);
  }
}

/** Whether the kernel has a file system of this type (proc_filesystems(5)). */
export function hasFileSystem(type: string, table: string): boolean {
  return table.split("\n").some((line) => line.split("\t")[1] === type);
}
