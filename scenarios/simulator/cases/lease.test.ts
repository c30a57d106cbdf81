import { describe, expect, test } from "vitest";

import type { PlanStep } from "../plan/plan.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { smallOptions } from "../testing/small-world.ts";
import { firstAtMs, toldOf } from "../testing/told-of.ts";

const leaseTtlMs = 30_000;
const timing = { ...smallOptions.timing, leaseTtlMs, activityTimeoutMs: 5_000, checkpointIntervalMs: 5_000 };
/** Two agents, of which the first holds the job when the steps begin. */
const two = { agents: 2, timing, safetyMs: 240_000 };
const second = 1_000;

const cut = (over: Partial<Extract<PlanStep, { do: "disturb-link" }>>): PlanStep => {
  return { atMs: 5_000, do: "disturb-link", agent: 0, forMs: 2 * leaseTtlMs, direction: "both", how: "cut", ...over };
};

/** Who completed the only job, and how often it was started by each agent. */
function courseOf(records: ReturnType<typeof runPlan>["records"]) {
  const holders = toldOf(records, "broker.leased").map(({ agentId }) => agentId);
  const completed = toldOf(records, "broker.released").filter(({ how }) => how === "completed");
  const starts = toldOf(records, "agent.execution").filter(({ to }) => to === "running");
  return { holders, completed, starts };
}

/** The first agent's job is on its way when the second has nothing to do. */
const longJob = submit(0, { units: 90, unitMs: second });

describe("the holder of a job", () => {
  test("that is stopped for two lives of its lease has its result fenced, and the job completes once (case 1)", () => {
    // It ends at its first holder too, which is asleep then.
    const stall = { atMs: 5_000, do: "stall-agent", agent: 0, forMs: 3 * leaseTtlMs } as const;
    const { outcome, records } = runPlan(smallPlan([submit(0, { units: 20, unitMs: second }), stall], two));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const { holders, completed } = courseOf(records);
    expect(holders).toHaveLength(2);
    expect(completed.map(({ agentId }) => agentId)).toEqual([holders[1]]);
  });

  test.each(["to-broker", "to-agent"] as const)(
    "that is cut off %s stops by itself before the job is granted again (case 3)",
    (direction) => {
      const { outcome, records } = runPlan(smallPlan([longJob, cut({ direction })], two));
      expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
      const stopped = firstAtMs(records, "agent.execution", ({ to }) => to === "killed");
      const granted = firstAtMs(records, "broker.leased", ({ epoch }) => epoch > 1);
      expect(stopped).toBeLessThan(granted);
      expect(toldOf(records, "witness.lease-over").map(({ running }) => running)).toEqual([0]);
    },
  );

  test("that comes back after a partition does not start it again: the replacement goes on (case 4)", () => {
    const { outcome, records } = runPlan(smallPlan([longJob, cut({})], two));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const { holders, completed, starts } = courseOf(records);
    expect(new Set(holders).size).toBe(2);
    expect(completed.map(({ agentId }) => agentId)).toEqual([holders[1]]);
    // One start each, and nothing is begun at the first one only to be stopped.
    expect(starts).toHaveLength(2);
    const healedAtMs = firstAtMs(records, "fault.undone");
    const after = records.filter(({ at, type }) => type === "agent.offer" && at - (records[0]?.at ?? 0) > healedAtMs);
    expect(after).toEqual([]);
  });

  test("that renews it runs it once, however many lives of a lease it takes (case 18)", () => {
    const lives = 5;
    const job = submit(0, { units: lives * 30, unitMs: second });
    const { outcome, records } = runPlan(smallPlan([job], { ...two, safetyMs: lives * leaseTtlMs + 30_000 }));
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const { holders, starts } = courseOf(records);
    expect([holders.length, starts.length]).toEqual([1, 1]);
  });

  test("that dies before it could say that the job runs does not keep it (case 53)", () => {
    let died = 0;
    for (let afterEffects = 1; afterEffects <= 12; afterEffects += 1) {
      const kill = { atMs: 4_000, do: "kill-agent", agent: 0, downMs: 90_000, afterEffects, edge: "after" } as const;
      const late = submit(4_000, { units: 3, unitMs: second });
      const { outcome, records } = runPlan(smallPlan([kill, late], two));
      expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
      if (toldOf(records, "broker.released").every(({ how }) => how === "completed")) continue;
      died += 1;
      // Somebody else has it long before the first is up again.
      expect(firstAtMs(records, "broker.job", ({ to }) => to === "completed")).toBeLessThan(60_000);
    }
    expect(died).toBeGreaterThan(0);
  });
});

describe("a result", () => {
  test("that is done while the broker is away for longer than it is waited for is handed in, whoever dies (case 17)", () => {
    const steps: PlanStep[] = [
      submit(0, { units: 10, unitMs: second }),
      { atMs: 9_000, do: "kill-broker", downMs: 80_000, afterEffects: 0, edge: "after" },
      { atMs: 30_000, do: "kill-agent", agent: 0, downMs: 2_000, afterEffects: 0, edge: "after" },
    ];
    const { outcome, records } = runPlan(
      smallPlan(steps, { safetyMs: 180_000, timing: { ...timing, leaseTtlMs: 120_000 } }),
    );
    expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
    const { holders, starts } = courseOf(records);
    expect([holders.length, starts.length]).toEqual([1, 1]);
    expect(toldOf(records, "broker.job").filter(({ to }) => to === "failed")).toEqual([]);
  });
});
