import { type BrokerStore, type StoreWrites, storeAround } from "../stores/store.ts";
import type { FaultBook, FaultRule } from "./fault-book.ts";

/**
 * A store that acknowledges its last writes without having them, for as long as it is told to: a disk that lies about its
 * cache. Whatever ends the process meanwhile loses them; the rule's end brings them in.
 */
export function forgetfulStore(store: BrokerStore, book: FaultBook): BrokerStore {
  const held: StoreWrites[] = [];
  let following: FaultRule | undefined;
  let last: Promise<unknown> = Promise.resolve();
  /** Writes in their order until no more than so many are held back. */
  const bringIn = async (heldMax: number): Promise<void> => {
    const mine = last.then(async () => {
      for (let writes = held[0]; writes !== undefined && held.length > heldMax; writes = held[0]) {
        await store.commit(writes);
        held.shift();
      }
    });
    last = mine.catch(() => undefined);
    await mine;
  };
  let isClosed = false;
  return storeAround(store, {
    async commit(writes) {
      const [rule] = book.matching(["forget-writes"]);
      held.push(writes);
      if (rule !== undefined && rule !== following) {
        following = rule;
        rule.onEnd(() => {
          // A failure shows at the next commit, which comes behind what is held.
          if (!isClosed) bringIn(0).catch(() => undefined);
        });
      }
      await bringIn(rule?.fault.writes ?? 0);
      rule?.hit();
    },
    async close() {
      await last;
      // What is held back is lost, as it was ordered.
      isClosed = true;
      await store.close();
    },
  });
}
