import { brokenTimingRules } from "../../../protocol/timing-rules.ts";
import type { Failure } from "../outcome.ts";
import type { JobBehaviour, Plan } from "../plan/plan.ts";

type FailureKind = Pick<Failure, "kind" | "invariant">;

/**
 * Whether a simpler plan would fail for the original's reason. "Too late" is judged by bounds that the plan was drawn
 * with: more work for fewer hands, or slower times, would break them with nothing wrong at all. So for a `liveness`
 * failure the times stay, and the work for each slot never grows; the bounds themselves never change for any. WC-14 is
 * a share of all work: with other work, other hands or less time it would be another share, down to none of none.
 */
export function isFair(candidate: Plan, original: Plan, { kind, invariant }: FailureKind): boolean {
  const { options } = candidate;
  if (options.livenessMs !== original.options.livenessMs) return false;
  if (stepsTooLate(candidate) > stepsTooLate(original)) return false;
  if (brokenTimingRules(options.timing).length > 0) return false;
  if (kind !== "liveness") return true;
  if (invariant === "WC-14" && castAndWork(candidate) !== castAndWork(original)) return false;
  const timesStay = JSON.stringify(options.timing) === JSON.stringify(original.options.timing);
  return timesStay && workPerSlotMs(candidate) <= workPerSlotMs(original);
}

/** Faults have stopped by then. A seed draws such steps now and then: a resume that comes so long after its pause. */
function stepsTooLate({ options, steps }: Plan): number {
  return steps.filter((step) => step.atMs > options.safetyMs).length;
}

function castAndWork({ options: { agents, slots, safetyMs }, steps }: Plan): string {
  return JSON.stringify([agents, slots, safetyMs, steps.filter((step) => step.do === "submit")]);
}

/** How long every slot that stays is busy, if the work is spread evenly and nothing fails. */
function workPerSlotMs({ options, steps }: Plan): number {
  let workMs = 0;
  const leaving = new Set<number>();
  for (const step of steps) {
    if (step.do === "submit") workMs += step.jobs * workOfOneMs(step.behaviour);
    if (step.do === "withdraw") leaving.add(step.agent);
  }
  return workMs / (Math.max(1, options.agents - leaving.size) * options.slots);
}

function workOfOneMs({ units, unitMs, spawnFails, diesAfterUnits }: JobBehaviour): number {
  return spawnFails ? 0 : Math.min(units, diesAfterUnits ?? units) * unitMs;
}
