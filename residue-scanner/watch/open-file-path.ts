import { fstatSync, readlinkSync, type Stats } from "node:fs";

import { systemCode } from "../../foundation/errors.ts";

/**
 * Where an open file of this process lies, one character a byte.
 *
 * @returns null for one that lies deeper than a path can say (PATH_MAX)
 */
export function openFilePath(descriptor: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`, "latin1");
  } catch (error) {
    if (systemCode(error) === "ENAMETOOLONG") return null;
    throw error;
  }
}

/** @returns null for a setting that went with its interface or network namespace: proc_sys_getattr in the kernel knows it no more */
export function openFileStats(descriptor: number): Stats | null {
  try {
    return fstatSync(descriptor);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
