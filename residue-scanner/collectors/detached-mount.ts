import { kernelCalls } from "./kernel-calls.ts";

const closeOnExec = 0x1;
/** FSCONFIG_CMD_CREATE of linux/mount.h. */
const create = 6;

/**
 * Has a file system of the kernel's read that need not be mounted anywhere: the mount that this makes has no place
 * (fsmount(2)), so that nobody sees it, and ends with its descriptor. Needs CAP_SYS_ADMIN.
 *
 * @param use gets a path that leads there while it runs, and in this process alone (it is below /proc/self)
 * @returns null where this user, or this kernel, cannot
 */
export function withDetachedMount<T>(type: string, use: (directory: string) => T): T | null {
  const calls = kernelCalls();
  if (calls === null) return null;
  const name = Buffer.from(`${type}\0`);
  const context = calls.fsopen(calls.addressOf(name), closeOnExec);
  if (context < 0) return null;
  let mount = -1;
  try {
    if (calls.fsconfig(context, create, 0, 0, 0) !== 0) return null;
    mount = calls.fsmount(context, closeOnExec, 0);
    return mount < 0 ? null : use(`/proc/self/fd/${mount}`);
  } finally {
    for (const descriptor of [mount, context]) if (descriptor >= 0) calls.close(descriptor);
  }
}

/** Whether the kernel has a file system of this type (proc_filesystems(5)). */
export function hasFileSystem(type: string, table: string): boolean {
  return table.split("\n").some((line) => line.split("\t")[1] === type);
}
