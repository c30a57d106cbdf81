import { cpSync, rmSync } from "node:fs";

import { isAlive } from "../stages/host/proc.ts";
import { changedRecords, keptRecords } from "./broker-store.ts";
import type { FaultKind } from "./fault.ts";
import { FaultError } from "./fault-error.ts";
import { endsWithin } from "./process-ends.ts";

/**
 * The broker is killed, and its store forgets everything, or comes back as a step `keep-store` found it. Work in flight
 * goes on under leases that the broker may know nothing of. What is lost stays lost; healing starts the broker again.
 */
export const loseStore: FaultKind<"lose-store"> = {
  kind: "lose-store",
  does: "kills the broker and empties its store, or takes it back to what the step `keep-store` kept",
  proves: "the records in the store are others than before, and those that were kept",
  needs: "nothing; the scenario's store is `sqlite`",
  onSim: true,
  async apply({ store, processes, cast }, { to }) {
    const { directory, kept } = store();
    const older = to === undefined ? undefined : kept.get(to);
    if (directory === undefined) throw nothingToLose();
    if (to !== undefined && older === undefined) throw notKept(to);
    const { processes: brokers } = processes({ process: "broker" });
    for (const one of brokers.filter(isAlive)) {
      cast.ending("broker");
      process.kill(one.pid, "SIGKILL");
    }
    await endsWithin(brokers);
    await cast.exited("broker");
    const before = keptRecords(directory);
    rmSync(directory, { recursive: true, force: true });
    if (older !== undefined) cpSync(older, directory, { recursive: true });
    const now = keptRecords(directory);
    const meant = older === undefined ? new Map<string, string>() : keptRecords(older);
    const subjects = changedRecords(before, now);
    let isTold = false;
    return {
      fault: "lose-store",
      target: "store",
      detail: to === undefined ? "everything is forgotten" : `it is as it was at "${to}"`,
      subjects,
      async proveEffect() {
        // The broker writes on as soon as it is back.
        if (isTold) return undefined;
        isTold = true;
        return {
          seen: subjects.length > 0 && changedRecords(meant, now).length === 0,
          lookedFor: "records that were forgotten or taken back",
          found: `${subjects.length} of ${before.size} jobs and executions are not as they were`,
        };
      },
      comeBack: async () => await cast.startAgain("broker"),
    };
  },
};

function nothingToLose(): FaultError {
  return new FaultError("A store in memory is lost with its broker anyway.", {
    code: "no-store",
    next: 'Set the scenario\'s store to "sqlite", or kill the broker with kill-process.',
  });
}

function notKept(name: string): FaultError {
  return new FaultError(`No step has kept the store as "${name}".`, {
    code: "no-store",
    next: `Keep it before: { step: "keep-store", as: "${name}" }.`,
  });
}
