import koffi from "koffi";
import { onTestFinished } from "vitest";

const libc = koffi.load("libc.so.6");
const init = libc.func("int inotify_init1(int flags)");
const addWatch = libc.func("int inotify_add_watch(int descriptor, const char *path, unsigned int mask)");
const close = libc.func("int close(int descriptor)");

const closedOnExec = 0o2000000;

/**
 * Has the kernel tell this process what is done to files until the test ends: inotify(7), by one descriptor.
 *
 * @param mask IN_* of inotify.h
 * @returns the descriptor
 */
export function watchFor(paths: readonly string[], mask: number): number {
  const descriptor = init(closedOnExec) as number;
  if (descriptor < 0) throw new Error(`inotify_init1 failed: error ${koffi.errno()}`);
  onTestFinished(() => void close(descriptor));
  for (const path of paths) {
    if ((addWatch(descriptor, path, mask) as number) < 0)
      throw new Error(`inotify_add_watch failed: error ${koffi.errno()}`);
  }
  return descriptor;
}
