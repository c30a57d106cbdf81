import { present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { agentLimits } from "./limits.ts";
import type { Turn } from "./turn.ts";

/**
 * Whether a signal is the same wish as the one before, delivered twice. Signals that came while the freeze had the
 * process to itself are heard only after it, however long it took.
 */
export function isRepeat({ core, nowMs }: Turn, lastSignalAtMs: number): boolean {
  const since = Math.max(lastSignalAtMs, present(core.freeze, "whoever leaves holds a freeze").frozenAtMs ?? 0);
  const repeats = nowMs - since < agentLimits.signalRepeatMs;
  if (repeats) sometimes("a signal was taken for a repeat of the one before");
  return repeats;
}
