import { expect, test } from "vitest";

import type { PlanStep } from "../plan/plan.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { toldOf } from "../testing/told-of.ts";

const second = 1_000;

test("a drained broker sends its agent away, takes back what that had, and goes on with it when it is started anew", () => {
  const steps: PlanStep[] = [
    submit(0, { units: 30, unitMs: second }),
    { atMs: 10 * second, do: "drain", forMs: 20 * second, downMs: second },
    submit(15 * second, { units: 3, unitMs: second }),
  ];
  const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 200 * second }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 2 } });
  expect(toldOf(records, "broker.drained")).toEqual([{ reason: "plan" }]);
  expect(toldOf(records, "broker.started")).toHaveLength(2);
  // Its owner's machine starts it again and again, and each time it is told goodbye.
  const times = toldOf(records, "agent.shutdown").length;
  expect(times).toBeGreaterThanOrEqual(2);
  const between = records.filter(({ at }) => at > records[0]!.at + 10 * second && at < records[0]!.at + 30 * second);
  expect(toldOf(between, "broker.released").map(({ how }) => how)).toEqual(["handed-back"]);
  expect(toldOf(between, "broker.enrolled").every(({ again }) => again)).toBe(true);
  expect(toldOf(between, "broker.offered")).toEqual([]);
  expect(toldOf(records, "broker.offered")).toHaveLength(3);
});

test("a donor who comes to a drained broker is not taken in before that is started anew", () => {
  const steps: PlanStep[] = [submit(0), { atMs: 0, do: "drain", forMs: 20 * second, downMs: 0 }];
  const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 100 * second, joinWithinMs: 1 }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  expect(new Set(toldOf(records, "broker.refused").map(({ code }) => code))).toEqual(new Set(["out-of-service"]));
  const [enrolled] = records.filter(({ type }) => type === "broker.enrolled");
  expect(enrolled!.at - records[0]!.at).toBeGreaterThan(20 * second);
});

test("a drain that nobody has ended when faults stop ends then, and all work is done", () => {
  const steps: PlanStep[] = [submit(second), { atMs: 2 * second, do: "drain", forMs: 900 * second, downMs: 0 }];
  const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 20 * second }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  expect(toldOf(records, "broker.started")).toHaveLength(2);
});

test("a drain that the end of its process has ended is not ended once more", () => {
  const steps: PlanStep[] = [
    { atMs: 5 * second, do: "drain", forMs: 20 * second, downMs: 0 },
    { atMs: 8 * second, do: "kill-broker", downMs: second, afterEffects: 0, edge: "after" },
    submit(12 * second, { units: 30, unitMs: second }),
  ];
  const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 100 * second }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  expect(toldOf(records, "broker.started")).toHaveLength(2);
  expect(toldOf(records, "broker.offered")).toHaveLength(1);
});
