import type { ScenarioKnobs } from "../steps/scenario.ts";

/**
 * As many jobs as are asked for, and one at least that no slot is left for: it waits all the while, and must be left
 * alone by whoever is paused or leaves (checker `no-intake`).
 */
export function oneWaits({ slots, jobs }: Pick<ScenarioKnobs, "slots" | "jobs">): {
  readonly submitted: number;
  readonly waiting: number;
} {
  const submitted = Math.max(jobs, slots + 1);
  return { submitted, waiting: submitted - slots };
}
