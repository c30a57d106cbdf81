import { describe, expect, test } from "vitest";

import type { PlanStep } from "../plan/plan.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { smallOptions } from "../testing/small-world.ts";
import { toldOf } from "../testing/told-of.ts";

const second = 1_000;
const minute = 60_000;

test("a broker that is away for longer than anybody may be silent loses none of a thousand agents, and none of their leases (case 8)", () => {
  const agents = 1_000;
  const steps: PlanStep[] = [
    submit(0, { units: 20, unitMs: minute }, agents),
    { atMs: 5 * minute, do: "kill-broker", downMs: 2 * minute, afterEffects: 0, edge: "after" },
  ];
  const timing = { ...smallOptions.timing, heartbeatIntervalMs: 30_000, activityTimeoutMs: 82_000 };
  const { outcome, records } = runPlan(
    smallPlan(steps, { agents, timing, safetyMs: 30 * minute, joinWithinMs: minute, livenessMs: 60 * minute }),
  );
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: agents } });
  expect(toldOf(records, "broker.agent").filter(({ standing }) => standing === "lost")).toEqual([]);
  expect(toldOf(records, "broker.released").filter(({ how }) => how !== "completed")).toEqual([]);
});

test.each([60 * minute, -60 * minute])(
  "clocks that jump by %d ms end no lease early, and keep none for ever (case 10)",
  (byMs) => {
    const steps: PlanStep[] = [
      submit(0, { units: 100, unitMs: second }),
      { atMs: 20_000, do: "jump-clock", agent: null, byMs },
      { atMs: 30_000, do: "jump-clock", agent: 0, byMs },
    ];
    const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 200_000 }));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    expect(toldOf(records, "broker.leased")).toHaveLength(1);
    expect(toldOf(records, "broker.agent").filter(({ standing }) => standing === "lost")).toEqual([]);
  },
);

test("a broker whose store forgot that a job was leased does not fail it, and its end is recorded once (case 72)", () => {
  for (let writes = 1; writes <= 6; writes += 1) {
    const steps: PlanStep[] = [
      submit(0, { units: 30, unitMs: second }),
      { atMs: 5_000, do: "lose-store", downMs: second, writes },
    ];
    const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 200_000 }));
    expect(outcome.failure).toBeNull();
    expect(toldOf(records, "broker.job").filter(({ to }) => to === "failed")).toEqual([]);
    expect(toldOf(records, "broker.released").filter(({ how }) => how === "completed").length).toBeLessThanOrEqual(1);
  }
});

describe("a host whose power fails for good", () => {
  test("without a last word leaves its job to the next one, and counts as lost in time (case 48)", () => {
    const timing = { ...smallOptions.timing, activityTimeoutMs: 5_000, leaseTtlMs: 30_000 };
    const steps: PlanStep[] = [
      submit(0, { units: 40, unitMs: second }),
      // As it shuts down.
      { atMs: 9_990, do: "signal", agent: 0, name: "SIGTERM", downMs: 170_000 },
      { atMs: 10_000, do: "crash-host", agent: 0, downMs: 170_000 },
    ];
    const { outcome, records } = runPlan(smallPlan(steps, { agents: 2, timing, safetyMs: 180_000 }));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const holders = toldOf(records, "broker.leased").map(({ agentId }) => agentId);
    expect(new Set(holders).size).toBe(2);
    expect(toldOf(records, "broker.agent")).toMatchObject([{ agentId: holders[0], standing: "lost" }]);
  });
});

describe("a donor that leaves when there is no other", () => {
  test("is not held up by that, and its job waits in sight of the operator (case 41)", () => {
    const steps: PlanStep[] = [
      submit(0, { units: 40, unitMs: second }),
      { atMs: 10_000, do: "withdraw", agent: 0, deadlineMs: 10_000 },
    ];
    const { outcome, records } = runPlan(smallPlan(steps, { safetyMs: 120_000 }));
    expect(outcome.failure).toBeNull();
    const [withdrawn] = toldOf(records, "witness.withdrawn");
    expect(withdrawn?.tookMs).toBeLessThan(10_000);
    const [report] = toldOf(records, "agent.withdrawal");
    expect(report?.report).toMatchObject({ clean: true, leasesHandedBack: 1 });
    const [released] = toldOf(records, "broker.released");
    expect(released).toMatchObject({ how: "handed-back" });
    const shown = toldOf(records, "witness.jobs").flatMap(({ jobs }) => jobs.map(({ state }) => state));
    expect(shown).toContain("queued");
    expect(shown).not.toContain("failed");
  });
});
