import type { Failure } from "./outcome.ts";
import type { Simulation } from "./simulation.ts";

/** WC-14: so many of the submitted jobs are completed while the churn goes on. */
const completedRatioMin = 0.8;

/** Judges a run of the churn profile by what was completed before faults stopped, never by what was submitted. */
export function churnFailure({ plan, completedInTimeRatio, world }: Simulation): Failure | null {
  if (plan.profile !== "churn" || completedInTimeRatio >= completedRatioMin) return null;
  const share = (completedInTimeRatio * 100).toFixed(1);
  const summary = `${share} % of the jobs were completed by the end of the churn, fewer than ${completedRatioMin * 100} %`;
  return { invariant: "WC-14", kind: "liveness", atMs: world.nowMs, story: [summary] };
}
