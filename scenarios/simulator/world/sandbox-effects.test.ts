import { expect, test } from "vitest";

import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";

test("a job that ends at once is told of after its start", () => {
  const { outcome, records } = runPlan(
    smallPlan([submit(1_000, { units: 1, unitMs: 0 })], {}, [
      { stream: "host:0", index: 3, kind: "heard", max: 38, value: 38 },
    ]),
  );
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  const stages = records.flatMap((record) => (record.type === "agent.execution" ? [record.data.to] : []));
  expect(stages).toEqual(["spawning", "running", "completed"]);
});
