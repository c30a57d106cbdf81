import { existsSync, readFileSync, rmdirSync } from "node:fs";

import { execa } from "execa";

import { FaultError } from "./fault-error.ts";

/**
 * Mounts a small file system in memory.
 *
 * @throws FaultError `no-disk`
 */
export async function mountOwnDisk(path: string, megabytes: number): Promise<void> {
  const options = `size=${megabytes}m,mode=700,nosuid,nodev`;
  const { failed, stderr } = await execa("mount", ["-t", "tmpfs", "-o", options, "houseguest", path], {
    reject: false,
  });
  if (!failed) return;
  throw new FaultError(`No disk could be mounted on ${path}: ${stderr.trim().slice(0, 200)}.`, {
    code: "no-disk",
    next: "Run as root, or leave diskMb out.",
  });
}

/**
 * Takes such a file system away, with its directory. Whoever still has files of it open keeps those.
 *
 * @returns undefined when it is gone, else why not
 */
export async function unmount(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  if (isMounted(path)) {
    const { failed, stderr } = await execa("umount", ["--lazy", path], { reject: false });
    if (failed) return stderr.trim().slice(0, 200);
  }
  rmdirSync(path);
  return undefined;
}

/** In the table of mounts, where blanks are written as \040 (proc(5)). */
function isMounted(path: string): boolean {
  const written = path.replaceAll(" ", "\\040");
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[1] === written);
}
