import { homedir } from "node:os";
import { resolve } from "node:path";

import { isWithin } from "../../agent/activity/is-within.ts";

const root = resolve(import.meta.dirname, "../..");

/**
 * What an agent is told so that its enclosed jobs can read the scenarios' programs: nothing where they lie outside the
 * user's home, whose agent shows its own package to every job. Of a package that *is* the home, or holds it, an enclosed
 * job sees nothing unless the donor names it (`--job-read`).
 */
export function jobReadOptions(home = homedir()): readonly string[] {
  return isWithin(home, root) ? ["--job-read", import.meta.dirname] : [];
}
