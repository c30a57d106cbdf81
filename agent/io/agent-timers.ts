import type { Clock } from "../../foundation/clock.ts";
import type { TimerName } from "../core/input.ts";

export interface AgentTimers {
  /** Replaces the timer of that name. The delay is spread by ±`jitterRatio` of itself. */
  set(name: TimerName, timer: { readonly delayMs: number; readonly jitterRatio: number }): void;
  clear(name: TimerName): void;
  clearAll(): void;
}

/** Node takes no longer delay; whoever waits longer is asked again. */
const delayMsMax = 2 ** 31 - 1;

/** The core's timers. None ever fires before its time by the same clock, which setTimeout alone does not promise. */
export function agentTimers({
  clock,
  onTimer,
  random = Math.random,
}: {
  readonly clock: Clock;
  readonly onTimer: (name: TimerName) => void;
  readonly random?: () => number;
}): AgentTimers {
  const timers = new Map<TimerName, NodeJS.Timeout>();
  const arm = (name: TimerName, dueMs: number): void => {
    const delayMs = Math.min(delayMsMax, Math.max(0, dueMs - clock.nowMs()));
    const timer = setTimeout(() => {
      if (timers.get(name) !== timer) return;
      timers.delete(name);
      if (clock.nowMs() < dueMs) arm(name, dueMs);
      else onTimer(name);
    }, Math.ceil(delayMs));
    timers.set(name, timer);
  };
  const clear = (name: TimerName): void => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };
  return {
    set(name, { delayMs, jitterRatio }) {
      clear(name);
      arm(name, clock.nowMs() + delayMs * (1 + jitterRatio * (2 * random() - 1)));
    },
    clear,
    clearAll() {
      for (const name of [...timers.keys()]) clear(name);
    },
  };
}
