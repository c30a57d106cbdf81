import { expect, test } from "vitest";

import { backoffAfter } from "../../../protocol/backoff.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { toldOf } from "../testing/told-of.ts";

const second = 1_000;

test("a job that kills its agents waits after each, for longer every time, and nothing else waits for it", () => {
  const poison = submit(0, { units: 10, unitMs: second, killsAgentAfterUnits: 2 });
  const good = submit(1_000, { units: 5, unitMs: second }, 3);
  const plan = smallPlan([poison, good], { agents: 2, safetyMs: 240_000 });
  const { outcome, records } = runPlan(plan);
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 3, failed: 1 } });
  const waits = toldOf(records, "broker.job").flatMap(({ jobId, backoff }) =>
    backoff === undefined || jobId !== "job-b1-1" ? [] : [backoff.ms],
  );
  expect(waits).toHaveLength(3);
  for (const [index, waitMs] of waits.entries()) {
    const { leastMs, mostMs } = backoffAfter(index + 1, plan.options.timing);
    expect(waitMs).toBeGreaterThanOrEqual(leastMs);
    expect(waitMs).toBeLessThanOrEqual(mostMs);
  }
  const offered = records.filter(
    ({ type, data }) => type === "broker.offered" && "jobId" in data && data.jobId === "job-b1-1",
  );
  const untils = toldOf(records, "broker.job").flatMap(({ jobId, backoff }) =>
    jobId === "job-b1-1" && backoff !== undefined ? [backoff.until] : [],
  );
  for (const [index, until] of untils.entries()) expect(offered[index + 1]?.at).toBeGreaterThanOrEqual(until);
});

test("a job waits on over the death of the broker", () => {
  const poison = submit(0, { units: 10, unitMs: second, killsAgentAfterUnits: 2 });
  const timing = { ...smallPlan([]).options.timing, backoffMs: 20_000, backoffMsMax: 20_000 };
  const deaths = [6, 9, 12].map((atS) => {
    return { atMs: atS * second, do: "kill-broker", downMs: 500, afterEffects: 0, edge: "after" } as const;
  });
  const { outcome, records } = runPlan(smallPlan([poison, ...deaths], { agents: 1, timing, safetyMs: 240_000 }));
  expect(outcome.failure).toBeNull();
  expect(toldOf(records, "broker.started").length).toBe(4);
  const [first] = toldOf(records, "broker.job").filter(({ backoff }) => backoff !== undefined);
  const startedAt = records.findLast(({ type }) => type === "broker.started")?.at ?? Infinity;
  const again = records.filter(({ type }) => type === "broker.offered")[1];
  // It waited when the broker died last, and did not wait anew from then on.
  expect(first?.backoff?.until).toBeGreaterThan(startedAt);
  expect(again?.at).toBeGreaterThanOrEqual(first?.backoff?.until ?? Infinity);
  expect(again?.at).toBeLessThan((first?.backoff?.until ?? 0) + 2 * timing.heartbeatIntervalMs);
});

test("jobs of a higher priority are done first, those that came later too", () => {
  const wave = (atMs: number, priority: number) => ({ ...submit(atMs, { units: 2, unitMs: second }, 2), priority });
  const plan = smallPlan([submit(0, { units: 5, unitMs: second }), wave(1_000, -1), wave(1_100, 0), wave(1_200, 4)]);
  const { outcome, records } = runPlan({
    ...plan,
    options: { ...plan.options, agents: 1, slots: 1, safetyMs: 120_000 },
  });
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 7 } });
  const order = toldOf(records, "broker.offered").map(({ jobId }) => Number(jobId.split("-").at(-1)));
  expect(order).toEqual([1, 6, 7, 4, 5, 2, 3]);
});
