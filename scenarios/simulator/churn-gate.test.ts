import { expect, test } from "vitest";

import type { Plan, PlanStep } from "./plan/plan.ts";
import { planFor } from "./plan/profiles.ts";
import { simulate } from "./simulate.ts";

const fleet = { profile: "churn", agents: 12, minutes: 360 } as const;

/** The same churn, but nobody of those who go away comes back. */
function withoutReturn(plan: Plan): Plan {
  const away = (step: PlanStep): PlanStep => {
    if (step.do === "kill-agent" || step.do === "crash-host" || step.do === "signal") return { ...step, downMs: 1e9 };
    return step.do === "disturb-link" ? { ...step, forMs: 1e9 } : step;
  };
  return { ...plan, steps: plan.steps.map(away) };
}

test("a fleet of which 30 % go away in every hour completes at least 80 % of its jobs in time (WC-14)", () => {
  const { failure, jobs } = simulate(planFor({ seed: "churn", ...fleet }));
  expect(failure).toBeNull();
  expect(jobs.submitted).toBe(72);
  expect(jobs.completedInTime).toBeGreaterThanOrEqual(0.8 * jobs.submitted);
  expect(jobs.completedInTime).toBeLessThanOrEqual(jobs.completed);
});

test("one of which nobody comes back does not, however many jobs were submitted", () => {
  const { failure, jobs } = simulate(withoutReturn(planFor({ seed: "churn", ...fleet, minutes: 720 })));
  expect(failure).toMatchObject({ invariant: "WC-14", kind: "liveness" });
  expect(jobs.completedInTime).toBeLessThan(0.8 * jobs.submitted);
});

test("a churn that is over before its jobs can be is not judged by their share, nor is one without jobs", () => {
  for (const minutes of [1, 10, 60]) {
    const { failure, jobs } = simulate(planFor({ seed: "churn", ...fleet, minutes }));
    expect(failure).toBeNull();
    expect(jobs.completedInTime).toBeLessThanOrEqual(0.7 * jobs.submitted);
  }
});
