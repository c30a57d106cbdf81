import { resolve } from "node:path";

import { isWithin } from "../../agent/activity/is-within.ts";
import { ownHome } from "../../agent/io/own-user.ts";

const root = resolve(import.meta.dirname, "../..");

/**
 * What an agent is told so that its enclosed jobs can read the scenarios' programs: nothing where they lie outside the
 * user's home, whose agent shows its own package to every job. Of a package that *is* the home, or holds it, an enclosed
 * job sees nothing unless the donor names it (`--job-read`).
 */
export function jobReadOptions(home = ownHome()): readonly string[] {
  return home !== null && isWithin(home, root) ? ["--job-read", import.meta.dirname] : [];
}
