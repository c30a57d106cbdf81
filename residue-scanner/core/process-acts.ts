import type { ProcessDifference } from "./difference.ts";
import { stoppingSignals } from "./kernel-constants.ts";
import type { Act } from "./recording.ts";
import { signalCall } from "./signal-events.ts";

/** Whether a call can have done that to a process. Signals end, stop and continue a process; every other call sets something of it. */
export function canHaveDone(
  { call, parameters }: Act,
  { change, changed, after }: Pick<ProcessDifference, "change" | "changed" | "after">,
): boolean {
  if (call !== signalCall) return change !== "vanished" && changed.some((name) => name !== "stopped");
  const { signal = "" } = parameters;
  const isStopping = stoppingSignals.includes(signal);
  if (change === "vanished") return !isStopping && signal !== "SIGCONT";
  return changed.includes("stopped") && (after?.state === "T" ? isStopping : signal === "SIGCONT");
}
