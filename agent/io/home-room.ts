import { statfsSync } from "node:fs";

import type { Home } from "./home.ts";

/** A job needs at least a log, a progress file and their directories; less is no room, in bytes. */
const jobBytesMin = 16 * 1024;
/** As many files and directories; some file systems count none. */
const jobFilesMin = 12;

/**
 * Whether the disk under the home has no room for another job. What a pause, a resume and a withdrawal write down is
 * reserved, so those go on; as soon as there is room again, this says so.
 */
export function isFull({ paths, ledger }: Pick<Home, "paths" | "ledger">): boolean {
  if (ledger.isShort) return true;
  try {
    const { bavail, bsize, files, ffree } = statfsSync(paths.home);
    return bavail * bsize < jobBytesMin || (files > 0 && ffree < jobFilesMin);
  } catch {
    // The home is being taken away.
    return false;
  }
}
