import { type Clock, systemClock } from "../../foundation/clock.ts";

/** Time as the broker's body sees it; tests bring one that they move by hand. */
export interface BrokerClock extends Clock {
  /**
   * Calls back once, when `nowMs()` has reached `atMs` and never before.
   *
   * @returns calls it off
   */
  wakeAt(atMs: number, callback: () => void): () => void;
}

/** The longest delay that a timer takes (2^31 - 1 ms); a longer one is waited for in parts. */
const timerMsMax = 2_147_483_647;

/** The machine's clock. A waiting alarm keeps no process alive. */
export const systemBrokerClock: BrokerClock = {
  ...systemClock,
  wakeAt(atMs, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = () => {
      const delayMs = Math.min(timerMsMax, Math.max(0, Math.ceil(atMs - systemClock.nowMs())));
      timer = setTimeout(() => {
        if (systemClock.nowMs() < atMs) arm();
        else callback();
      }, delayMs);
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
