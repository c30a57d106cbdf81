import { homedir } from "node:os";
import { join } from "node:path";

import { UsageError } from "../../foundation/errors.ts";

/**
 * Where a broker keeps its store unless told otherwise: `$XDG_STATE_HOME/houseguest-broker`.
 *
 * @throws UsageError `no-home`
 */
export function dataDirectory(): string {
  const state = process.env["XDG_STATE_HOME"];
  return join(state === undefined || state === "" ? join(home(), ".local", "state") : state, "houseguest-broker");
}

function home(): string {
  try {
    return homedir();
  } catch (cause) {
    // A user whom the system knows only by number, and no $HOME.
    throw new UsageError("This user has no home directory.", {
      code: "no-home",
      next: "Set $HOME or $XDG_STATE_HOME.",
      cause,
    });
  }
}
