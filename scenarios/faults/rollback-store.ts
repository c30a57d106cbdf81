import { changedRecords } from "./broker-store.ts";
import type { FaultKind } from "./fault.ts";
import { keptAs, noServer } from "./kept-store.ts";
import { broughtBack, commitsOnServer, recordsInSnapshot, recordsOnServer } from "./store-server.ts";

/**
 * The server of the broker's store is killed while the broker runs, and comes back with an older snapshot (RDB): all that
 * it took since is gone, as after a failover to a replica that lagged. Work in flight goes on; who asks the broker while
 * the server is away is told so, and the broker, which knows all that it has written, writes it anew; healing waits until
 * it has. Nothing of the host is to be undone: the old process and the new one are on the ledger as the harness's own.
 */
export const rollbackStore: FaultKind<"rollback-store"> = {
  kind: "rollback-store",
  does: "kills the Redis of the broker's store while the broker runs, and starts it with the snapshot of `keep-store`",
  proves: "the server comes up with the records of the snapshot, which are others than it had",
  needs: 'nothing more than a store on Redis (`store: "redis"`), of which redis-server is a part',
  onSim: false,
  async apply({ store }, { to }) {
    const { server, kept } = store();
    if (server === undefined) throw noServer();
    const older = keptAs(to, { kept });
    const { socket } = server;
    const [before, commits] = [await recordsOnServer(socket), await commitsOnServer(socket)];
    const now = await server.rollBack(older);
    const changed = changedRecords(before, now);
    const strange = changedRecords(recordsInSnapshot(older), now);
    let isTold = false;
    return {
      fault: "rollback-store",
      target: "store",
      detail: `it is as it was at "${to}"`,
      async proveEffect() {
        // The broker writes everything anew at once.
        if (isTold) return undefined;
        isTold = true;
        return {
          seen: changed.length > 0 && strange.length === 0,
          lookedFor: "records that were taken back to those of the snapshot",
          found: `${changed.length} of ${before.size} jobs and executions were not as before, ${strange.length} not as in the snapshot`,
        };
      },
      comeBack: async () => await broughtBack(socket, { commits }),
    };
  },
};
