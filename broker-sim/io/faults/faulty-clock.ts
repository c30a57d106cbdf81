import type { BrokerClock } from "../broker-clock.ts";
import type { FaultBook } from "./fault-book.ts";

/** The clock by which signatures are judged, wrong for as long as it is told to be. */
export function faultyClock(clock: BrokerClock, book: FaultBook): BrokerClock {
  return {
    nowMs: () => book.shownNowMs(),
    monotonicMs: () => clock.monotonicMs(),
    wakeAt: (atMs, callback) => clock.wakeAt(atMs, callback),
  };
}
