import type { Failure } from "./outcome.ts";
import type { Simulation } from "./simulation.ts";

/** WC-14: so many of the submitted jobs are completed while the churn goes on. */
const completedRatioMin = 0.8;
/** Jobs take up to 40 minutes and come until the end: of a shorter churn too many are under way when it ends. */
const judgedFromMs = 6 * 3_600_000;

/** Judges a run of the churn profile by what was completed before faults stopped, never by what was submitted. */
export function churnFailure({ plan, completedInTimeRatio, world }: Simulation): Failure | null {
  if (plan.profile !== "churn" || plan.options.safetyMs < judgedFromMs) return null;
  if (completedInTimeRatio >= completedRatioMin) return null;
  const share = (completedInTimeRatio * 100).toFixed(1);
  const summary = `${share} % of the jobs were completed by the end of the churn, fewer than ${completedRatioMin * 100} %`;
  return { invariant: "WC-14", kind: "liveness", atMs: world.nowMs, story: [summary] };
}
