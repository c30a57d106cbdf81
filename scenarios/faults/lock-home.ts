import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { FaultKind } from "./fault.ts";
import { setImmutable } from "./immutable.ts";

/**
 * The agent's home is as if its disk had become read-only, for root too (EPERM where that would be EROFS). What the agent
 * has open for writing, such as its journal, it can go on writing: a mount with such files cannot be made read-only.
 */
export const lockHome: FaultKind<"lock-home"> = {
  kind: "lock-home",
  does: "lets nothing in an agent's home be made, renamed, removed or opened for writing",
  proves: "making a file in the home fails",
  needs: "root, and a file system with immutable files (chattr)",
  onSim: false,
  holds: () => "the home",
  async apply({ home, id, processes, writeAhead }, { agent }) {
    const { path } = home(agent);
    writeAhead({ undo: "unlock-directory", path });
    await setImmutable(path, true);
    let seen = false;
    return {
      fault: "lock-home",
      target: processes({ process: agent }).target,
      detail: path,
      async proveEffect() {
        if (seen) return undefined;
        const code = tryToMake(join(path, `.${id}`));
        seen = code === "EPERM";
        return { seen, lookedFor: "a file that cannot be made (EPERM)", found: `making one ended with ${code}` };
      },
    };
  },
};

/** @returns the system's code, or "success" */
function tryToMake(path: string): string {
  try {
    closeSync(openSync(path, "wx", 0o600));
    rmSync(path);
    return "success";
  } catch (error) {
    return systemCode(error) ?? "another error";
  }
}
