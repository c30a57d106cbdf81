import { sometimes } from "../../foundation/sometimes.ts";
import { agentLimits } from "./limits.ts";
import type { Turn } from "./turn.ts";

/**
 * Whether a signal is the same wish as the one before, delivered twice. Signals that came while the freeze had the
 * process to itself are heard only after it, so that however long it took does not count.
 */
export function isRepeat({ core: { freeze }, nowMs }: Turn, lastSignalAtMs: number): boolean {
  const isAfter = freeze !== null && freeze.frozenAtMs !== null && freeze.triggeredAtMs >= lastSignalAtMs;
  const deafMs = isAfter ? (freeze.frozenAtMs ?? 0) - freeze.triggeredAtMs : 0;
  const repeats = nowMs - lastSignalAtMs - deafMs < agentLimits.signalRepeatMs;
  if (repeats) sometimes("a signal was taken for a repeat of the one before");
  return repeats;
}
