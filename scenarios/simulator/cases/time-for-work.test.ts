import { expect, test } from "vitest";

import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";

const second = 1_000;

test("agents that are about to leave are no hands for the work that is left", () => {
  const leave = [0, 1, 2, 3, 4].map((agent) => ({ atMs: 60_000, do: "withdraw", agent, deadlineMs: 10_000 }) as const);
  const work = submit(10_000, { units: 20, unitMs: 30 * second, onTerm: "unkillable" }, 12);
  const { outcome } = runPlan(smallPlan([work, ...leave], { agents: 5, safetyMs: 60_010 }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 12 } });
});
