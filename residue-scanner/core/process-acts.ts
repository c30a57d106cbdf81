import type { ProcessDifference } from "./difference.ts";
import { stoppingSignals } from "./kernel-constants.ts";
import type { Act } from "./recording.ts";
import { signalCall } from "./signal-events.ts";

/** What a signal ends, or tells to end itself, does so within this time, or nobody can tell it from what ends for itself. */
const endingMsMax = 10_000;
/** By default they do nothing; some servers, which have no terminal, stop at them, and take their time (httpd(8)). */
const harmlessSignals: readonly string[] = ["SIGWINCH"];
/** They end nobody who does not choose to (signal(7)). */
const sparingSignals: ReadonlySet<string> = new Set([
  ...harmlessSignals,
  ...stoppingSignals,
  ...["SIGCONT", "SIGURG", "SIGCHLD"],
]);

/**
 * Whether a call can have done that to a process. Signals end, stop and continue a process; every other call sets
 * something of it.
 *
 * @param endedMs wall time in ms at which the process ended; null where that is not known
 */
export function canHaveDone(
  act: Act,
  { before, change, changed, after }: Pick<ProcessDifference, "before" | "change" | "changed" | "after">,
  endedMs: number | null,
): boolean {
  if (act.call !== signalCall) return change !== "vanished" && changed.some((name) => name !== "stopped");
  const { signal = "" } = act.parameters;
  const isStopping = stoppingSignals.includes(signal);
  if (change === "vanished" && harmlessSignals.includes(signal)) {
    return before?.terminal === 0 || (endedMs !== null && isSoon(act, endedMs));
  }
  if (change === "vanished") return !isStopping && signal !== "SIGCONT";
  return changed.includes("stopped") && (after?.state === "T" ? isStopping : signal === "SIGCONT");
}

/**
 * Whether it was that signal of which a process ended, as far as its time tells: one that can be caught, or blocked, may
 * have had no part in an end that came much later.
 */
export function hasSurelyEnded(act: Act, endedMs: number | null): boolean {
  const { signal = "" } = act.parameters;
  if (sparingSignals.has(signal)) return false;
  return signal === "SIGKILL" || endedMs === null || isSoon(act, endedMs);
}

function isSoon({ atMs }: Act, endedMs: number): boolean {
  return endedMs - atMs <= endingMsMax;
}
