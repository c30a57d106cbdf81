import { expect, test } from "vitest";

import { runPlan, smallPlan, submit } from "./testing/small-plan.ts";

/** What onlookers saw in a run, by the type of the record. */
function looks(agents: number) {
  const { outcome, records } = runPlan(smallPlan([submit(1_000, { units: 20 })], { agents }));
  expect(outcome.failure).toBeNull();
  return {
    jobs: records.flatMap(({ type, data }) => (type === "witness.jobs" ? data.jobs.map(({ state }) => state) : [])),
    statuses: records.flatMap(({ type, data }) => (type === "witness.status" ? [data] : [])),
  };
}

test("the operator sees a job come and end, and its agent's owner sees its process", () => {
  const { jobs, statuses } = looks(1);
  expect([jobs[0], jobs.at(-1)]).toEqual(["leased", "completed"]);
  expect(statuses.some(({ state, sandboxes }) => state === "Working" && sandboxes[0]?.pid !== null)).toBe(true);
  expect(statuses.every(({ brokerReachable }) => brokerReachable)).toBe(true);
});

test("nobody looks through the lists of a large fleet", () => {
  expect(looks(65)).toEqual({ jobs: [], statuses: [] });
});
