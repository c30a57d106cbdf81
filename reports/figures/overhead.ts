import type { HistoryRecord } from "../../protocol/history.ts";
import type { PhaseTime } from "../../protocol/verdict.ts";
import { historyBegin } from "./history-span.ts";

/** Where a run's wall time went, in milliseconds; the three together are the whole of it. */
export interface Overhead {
  /** What the scenario asked for: at least one step was under way. */
  readonly stepsMs: number;
  /** The host was read, before and after. */
  readonly looksMs: number;
  /** The rest: what the runner itself takes. */
  readonly runnerMs: number;
}

/** The phases in which the host is read. */
const looks = new Set(["baseline", "second look"]);

/**
 * What the runner costs beside what it was asked to do.
 *
 * @param totalMs the run's wall time
 */
export function overhead(history: readonly HistoryRecord[], phases: readonly PhaseTime[], totalMs: number): Overhead {
  const looksMs = phases.reduce((sum, { phase, ms }) => sum + (looks.has(phase) ? ms : 0), 0);
  const stepsMs = timeInSteps(history);
  return { stepsMs, looksMs, runnerMs: Math.max(0, totalMs - stepsMs - looksMs) };
}

/** Steps may go on beside each other and within each other: a moment counts once. */
function timeInSteps(history: readonly HistoryRecord[]): number {
  let underWay = 0;
  let since = historyBegin(history);
  let sum = 0;
  for (const { at, type } of history) {
    if (type === "step.begin" && underWay++ === 0) since = at;
    if (type === "step.end" && --underWay === 0) sum += at - since;
  }
  return sum;
}
