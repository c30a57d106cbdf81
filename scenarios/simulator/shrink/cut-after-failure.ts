import { present } from "../../../foundation/assert.ts";
import { withSteps } from "./edit-plan.ts";
import type { ShrinkSearch } from "./shrink-search.ts";

const secondMs = 1_000;

/** What comes after the failure cannot have caused it; and faults may stop as soon as the last of them has begun. */
export function cutAfterFailure(search: ShrinkSearch): void {
  const { plan } = search;
  const { atMs } = present(search.outcome.failure, "the plan fails");
  const edits = plan.steps.map((step) => (step.atMs > atMs ? null : step));
  if (edits.includes(null)) search.tries(withSteps(plan, edits));
  shortenSafety(search);
}

function shortenSafety(search: ShrinkSearch): void {
  const { atMs } = present(search.outcome.failure, "the plan fails");
  const lastStepMs = search.plan.steps.reduce((latest, step) => Math.max(latest, step.atMs), 0);
  const least = wholeSeconds(lastStepMs);
  const halfWay = wholeSeconds((lastStepMs + search.plan.options.safetyMs) / 2);
  for (const safetyMs of [least, wholeSeconds(atMs), halfWay]) {
    const { plan } = search;
    if (safetyMs >= plan.options.safetyMs) continue;
    if (search.tries({ ...plan, options: { ...plan.options, safetyMs } })) return;
  }
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / secondMs) * secondMs;
}
