import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { UsageError } from "../../foundation/errors.ts";
import { steadyNodeFlags } from "../../foundation/steady-node.ts";

/** What a startup hook starts, and by what it is known. */
export interface Hook {
  /** Of its files: one agent a home, and one hook an agent. */
  readonly name: string;
  /** Stands in every hook as a comment, so that it is found though a newer version would write another one. */
  readonly marker: string;
  /** The program and its arguments: absolute paths, and nothing secret, since others can read it. */
  readonly command: readonly string[];
}

/** Starts the agent on the Node that runs it now. */
export const launcher = fileURLToPath(new URL("../../bin/donor-agent.mjs", import.meta.url));

/**
 * The hook of the agent in a home. Whatever the owner asked for is in that home's ledger.
 *
 * @throws UsageError `autostart-path` for what no hook can express
 */
export function hookOf({ home }: { readonly home: string }): Hook {
  const node = [process.execPath, ...steadyNodeFlags];
  const command = [...node, launcher, "join", "--foreground", "--log-in-home", "--home", home];
  for (const argument of command) {
    // A crontab has no way to write a line break, a property list none to write most others.
    if (!/\p{Cc}/u.test(argument)) continue;
    throw new UsageError(`No startup hook can hold ${JSON.stringify(argument)}: it has a control character in it.`, {
      code: "autostart-path",
      next: "Choose another directory, or join without --autostart.",
    });
  }
  const id = createHash("sha256").update(home).digest("hex").slice(0, 16);
  return { name: `houseguest-${id}`, marker: `houseguest:${id}`, command };
}
