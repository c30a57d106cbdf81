import { parentPort } from "node:worker_threads";

import { messageOf } from "../../foundation/errors.ts";
import { loadMutated } from "./patch-modules.ts";
import { readMutants } from "./read-mutants.ts";

/** Loads every mutant's files as the mutant has them, and says for which that fails: `NAME: why`. */
const troubles: string[] = [];
for (const mutant of await readMutants()) {
  try {
    await loadMutated(mutant);
  } catch (error) {
    troubles.push(`${mutant.name}: ${messageOf(error)}`);
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(troubles);
