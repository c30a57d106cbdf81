import { statSync } from "node:fs";

import { StepError } from "../../steps/step-error.ts";
import { keyFiles } from "./kept-key.ts";
import type { HostAgent } from "./host-stage.ts";

/**
 * What an agent's owner alone may do nobody else may: its home, the socket that it is told by, and its key are closed
 * to the other users of the host.
 *
 * @throws StepError `not-private`
 */
export function checkPrivate({ name, home, control }: Pick<HostAgent, "name" | "home" | "control">): void {
  for (const path of [home, control, ...keyFiles(home)]) {
    const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    if ((mode & 0o077) === 0) continue;
    throw new StepError(`Others than ${name}'s owner may use ${path}, which has the mode ${mode.toString(8)}.`, {
      code: "not-private",
      next: "An agent's home, its control socket and its key are for its owner alone.",
    });
  }
}
