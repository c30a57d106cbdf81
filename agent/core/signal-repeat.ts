import { agentLimits } from "./limits.ts";
import type { Turn } from "./turn.ts";

/**
 * Whether a signal is the same wish as the one before, delivered twice. Signals that came while the freeze had the
 * process to itself are heard only after it, however long it took.
 */
export function isRepeat({ core, nowMs }: Turn, lastSignalAtMs: number): boolean {
  const since = Math.max(lastSignalAtMs, core.freeze?.frozenAtMs ?? 0);
  return nowMs - since < agentLimits.signalRepeatMs;
}
