import type { FaultKind } from "./fault.ts";
import { noServer } from "./kept-store.ts";
import { broughtBack, commitsOnServer, flushServer, recordsOnServer } from "./store-server.ts";

/**
 * The server of the broker's store forgets everything (FLUSHALL) while the broker runs. Work in flight goes on: the broker
 * knows all that it has written, and writes it anew before anything else. Nothing of the host is to be undone, because
 * the server is the harness's own and on the ledger since it was started; what it forgot is for the broker to bring back,
 * and healing waits until it has. A broker that is killed before that has lost it: `lose-store` is the fault for that.
 */
export const flushStore: FaultKind<"flush-store"> = {
  kind: "flush-store",
  does: "lets the Redis of the broker's store forget everything while the broker runs (FLUSHALL)",
  proves: "the server counts keys before and none after, in the same transaction",
  needs: 'nothing more than a store on Redis (`store: "redis"`), of which redis-server is a part',
  onSim: false,
  async apply({ store }) {
    const { server } = store();
    if (server === undefined) throw noServer();
    const { socket } = server;
    const [before, commits] = [await recordsOnServer(socket), await commitsOnServer(socket)];
    const { keysBefore, keysAfter } = await flushServer(socket);
    let isTold = false;
    return {
      fault: "flush-store",
      target: "store",
      detail: `${keysBefore} keys with ${before.size} jobs and executions are forgotten`,
      async proveEffect() {
        // The broker writes everything anew at once.
        if (isTold) return undefined;
        isTold = true;
        return {
          seen: keysBefore > 0 && keysAfter === 0,
          lookedFor: "keys that were forgotten",
          found: `of ${keysBefore} keys ${keysAfter} were left`,
        };
      },
      comeBack: async () => await broughtBack(socket, { commits }),
    };
  },
};
