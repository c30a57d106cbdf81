import { closeSync, openSync } from "node:fs";

/** CLONE_NEWNET of linux/sched.h. */
const cloneNewNet = 0x40000000;

/**
 * Moves this thread into a network namespace (setns(2)): sockets that it makes from now on are there, those that it has
 * stay where they are. Only for a thread of one's own: there is no way back that cannot fail.
 *
 * @param path as /proc/PID/ns/net
 * @throws Error with the code of errno where the kernel refuses
 */
export async function enterNetworkNamespace(path: string): Promise<void> {
  const { default: koffi } = await import("koffi");
  const setns = koffi.load(null).func("int setns(int descriptor, int kind)");
  const descriptor = openSync(path, "r");
  try {
    if (setns(descriptor, cloneNewNet) !== 0) throw new Error(`setns ${path}: errno ${koffi.errno()}`);
  } finally {
    closeSync(descriptor);
  }
}
