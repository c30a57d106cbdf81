import type { Turn } from "./turn.ts";

/** Sets the time of the next periodic checkpoint, from now. */
export function schedulePeriodic(turn: Turn): void {
  turn.setTimer("periodic", { delayMs: turn.core.timing.checkpointIntervalMs });
}
