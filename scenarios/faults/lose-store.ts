import { cpSync, rmSync } from "node:fs";

import { isAlive } from "../stages/host/proc.ts";
import { type StoreRecords, changedRecords, keptRecords } from "./broker-store.ts";
import type { FaultKind, FaultStore } from "./fault.ts";
import { FaultError } from "./fault-error.ts";
import { keptAs } from "./kept-store.ts";
import { endsWithin } from "./process-ends.ts";
import { flushServer, recordsInSnapshot, recordsOnServer } from "./store-server.ts";

/**
 * The broker is killed, and its store forgets everything, or comes back as a step `keep-store` found it. Work in flight
 * goes on under leases that the broker may know nothing of. What is lost stays lost; healing starts the broker again.
 */
export const loseStore: FaultKind<"lose-store"> = {
  kind: "lose-store",
  does: "kills the broker and empties its store, or takes it back to what the step `keep-store` kept",
  proves: "the records in the store are others than before, and those that were kept",
  needs: "nothing; the scenario's store is `sqlite`, or `redis`, of which redis-server is a part",
  onSim: true,
  async apply({ store, processes, cast }, { to }) {
    const files = keeperOf(store());
    const older = to === undefined ? undefined : keptAs(to, store());
    const { processes: brokers } = processes({ process: "broker" });
    for (const one of brokers.filter(isAlive)) {
      cast.ending("broker");
      process.kill(one.pid, "SIGKILL");
    }
    await endsWithin(brokers);
    await cast.exited("broker");
    const before = await files.records();
    const now = await (older === undefined ? files.forget() : files.rollBack(older));
    const meant = older === undefined ? new Map<string, string>() : files.recordsIn(older);
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

/** What a store of either kind can be made to do while its broker is gone. */
interface Keeper {
  readonly records: () => Promise<StoreRecords>;
  /** Each says what is there then. */
  readonly forget: () => Promise<StoreRecords>;
  readonly rollBack: (kept: string) => Promise<StoreRecords>;
  readonly recordsIn: (kept: string) => StoreRecords;
}

/** @throws FaultError `no-store` */
function keeperOf({ directory, server }: FaultStore): Keeper {
  if (server !== undefined) {
    const { socket, rollBack } = server;
    const records = async (): Promise<StoreRecords> => await recordsOnServer(socket);
    const forget = async (): Promise<StoreRecords> => {
      await flushServer(socket);
      return await records();
    };
    return { records, forget, rollBack, recordsIn: recordsInSnapshot };
  }
  if (directory === undefined) throw nothingToLose();
  const records = async (): Promise<StoreRecords> => keptRecords(directory);
  const forget = async (): Promise<StoreRecords> => {
    rmSync(directory, { recursive: true, force: true });
    return await records();
  };
  const rollBack = async (kept: string): Promise<StoreRecords> => {
    await forget();
    cpSync(kept, directory, { recursive: true });
    return await records();
  };
  return { records, forget, rollBack, recordsIn: keptRecords };
}

function nothingToLose(): FaultError {
  return new FaultError("A store in memory is lost with its broker anyway.", {
    code: "no-store",
    next: 'Set the scenario\'s store to "sqlite" or "redis", or kill the broker with kill-process.',
  });
}
