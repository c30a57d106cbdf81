import { brokerLimits } from "../../core/broker-limits.ts";
import { ProblemError } from "../problems.ts";
import type { BrokerStore } from "./store.ts";

/** @throws ProblemError `store-away` while nothing can be written: then nothing is decided either */
export function assertWritable(store: Pick<BrokerStore, "outage">): void {
  const why = store.outage();
  if (why !== null) throw new ProblemError("store-away", `${why} Nothing was done; ask again.`);
}

/**
 * Waits for what is being written for as long as whoever asked for it can be left waiting. What is written goes on.
 *
 * @throws ProblemError `store-away` when it takes too long, and whatever the work throws
 */
export async function inStoreTime<T>(store: Pick<BrokerStore, "outage">, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const why = store.outage() ?? "The store takes long to answer.";
    late.reject(new ProblemError("store-away", `${why} What was asked for may have been done; ask again.`));
  }, brokerLimits.storeWaitMsMax);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    // Nobody waits for it any more, and it must not end the process.
    work.catch(() => undefined);
  }
}
