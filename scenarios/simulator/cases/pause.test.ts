import { expect, test } from "vitest";

import { Timing } from "../../../protocol/timing.ts";
import type { PlanStep } from "../plan/plan.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { toldOf } from "../testing/told-of.ts";

const second = 1_000;
const timing = Timing.parse({
  ...{ heartbeatIntervalMs: 1_000, activityTimeoutMs: 5_000, leaseTtlMs: 10_000, offerTtlMs: 3_000 },
  ...{ requestTimeoutMs: 2_000, resultTimeoutMs: 5_000, shutdownTimeoutMs: 3_000 },
});

test("ten pauses and resumes a second for a minute lose no work, and everybody agrees in the end (case 22)", () => {
  const asks = Array.from({ length: 600 }, (_, cycle): PlanStep[] => [
    { atMs: 5_000 + 100 * cycle, do: "pause", agent: 0 },
    { atMs: 5_050 + 100 * cycle, do: "resume", agent: 0 },
  ]);
  const jobs = submit(0, { units: 60, unitMs: second, children: 2, megabytes: 1 }, 2);
  const plan = smallPlan([jobs, ...asks.flat()], { slots: 2, safetyMs: 180_000 });
  const { outcome, records } = runPlan(plan);
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 2, failed: 0 } });
  // The same processes all the while: each job is started once and ends by itself.
  expect(
    toldOf(records, "agent.execution")
      .map(({ to }) => to)
      .sort(),
  ).toEqual(["completed", "completed", "running", "running", "spawning", "spawning"].sort());
  expect(toldOf(records, "agent.frozen").length).toBeGreaterThanOrEqual(600);
  expect(toldOf(records, "agent.state").at(-1)?.to).toBe("Idle");
});

test("a snapshot that takes longer than there is time is given up, and the job goes on from the one before it (case 31)", () => {
  // A checkpoint a minute; the last one would take as long as the whole withdrawal may.
  const steps: PlanStep[] = [
    submit(0, { units: 300, unitMs: second, megabytes: 2_000 }),
    { atMs: 100_000, do: "withdraw", agent: 0, deadlineMs: 600 },
  ];
  const { outcome, records } = runPlan(smallPlan(steps, { agents: 2, safetyMs: 500_000 }, "seeded"));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  expect(toldOf(records, "agent.checkpoint-failed")).toHaveLength(1);
  const [earlier] = toldOf(records, "agent.checkpoint");
  const [released] = toldOf(records, "broker.released");
  expect(released).toMatchObject({ how: "handed-back", checkpoint: { progress: earlier?.checkpoint.progress } });
  expect(toldOf(records, "witness.result")).toMatchObject([
    { correct: true, startedFrom: earlier?.checkpoint.progress },
  ]);
});

test("a checkpoint that takes longer than a lease lives to arrive is whole when its pause is acknowledged", () => {
  // Ten chunks, a second each there and back; the broker keeps what nothing refers to for as long as a lease lives.
  const steps: PlanStep[] = [
    submit(0, { units: 60, unitMs: second, megabytes: 1_000 }),
    { atMs: 6_000, do: "pause", agent: 0 },
    { atMs: 40_000, do: "resume", agent: 0 },
  ];
  const options = { latencyMsMin: 500, latencyMsMax: 500, safetyMs: 60_000 };
  const { outcome, records } = runPlan(smallPlan(steps, { ...options, timing }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  expect(toldOf(records, "broker.pause-acknowledged")).toMatchObject([{ checkpoints: 1 }]);
});

test("so is one that arrived long before, though the word whose it is was lost", () => {
  const steps: PlanStep[] = [
    submit(0, { units: 60, unitMs: second, megabytes: 1 }),
    submit(0, { units: 60, unitMs: second, megabytes: 1_000 }),
    { atMs: 6_000, do: "pause", agent: 0 },
    // The small one's content is there by then, and the word of it on its way.
    { atMs: 6_900, do: "disturb-link", agent: 0, forMs: 200, direction: "to-broker", how: "cut" },
    { atMs: 50_000, do: "resume", agent: 0 },
  ];
  const options = { slots: 2, latencyMsMin: 500, latencyMsMax: 500, safetyMs: 60_000 };
  const { outcome, records } = runPlan(smallPlan(steps, { ...options, timing }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 2 } });
  expect(toldOf(records, "broker.pause-acknowledged").at(-1)).toMatchObject({ checkpoints: 2 });
});
