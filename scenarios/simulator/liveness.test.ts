import { describe, expect, test } from "vitest";

import { present } from "../../foundation/assert.ts";
import { Coverage } from "./coverage.ts";
import { replayTape } from "./kernel/choices.ts";
import { Liveness } from "./liveness.ts";
import { livenessMsOf } from "./plan/liveness-bound.ts";
import type { PlanOptions } from "./plan/plan.ts";
import { Simulation } from "./simulation.ts";
import { smallPlan, submit } from "./testing/small-plan.ts";

/** So long its owner is taken to be active: for longer than anybody waits. */
const quietMs = 36_000_000;

/** The liveness phase of one agent that has done its one job, and faults stop. */
function restingRun(options: Partial<PlanOptions> = {}) {
  const plan = smallPlan([submit(0)], { safetyMs: 60_000, ...options });
  const simulation = new Simulation(plan, { tape: replayTape([]), coverage: new Coverage(), onRecord: null });
  const { world } = simulation;
  simulation.begin();
  while (world.happenNext(plan.options.safetyMs));
  const liveness = new Liveness(simulation);
  liveness.begin();
  return {
    liveness,
    world,
    body: present(simulation.members[0]?.body, "its agent is up"),
    /** Goes on to the end of the phase, or until something is so. */
    goOn(until: () => boolean = () => false): void {
      const endsAtMs = world.nowMs + 10 * livenessMsOf(plan.options.timing);
      while (!until() && !liveness.isOver && world.happenNext(Math.min(liveness.endsAtMs, endsAtMs)));
    },
  };
}

describe("the liveness phase", () => {
  test("is over when all is done and everybody agrees", () => {
    const run = restingRun();
    run.goOn();
    expect([run.liveness.isOver, run.liveness.failure()]).toEqual([true, null]);
  });

  test("fails when an agent without work stays paused because of its owner's activity", () => {
    const run = restingRun({ quietMs });
    run.body.noticeActivity("plan");
    run.goOn();
    expect(run.liveness.failure()).toMatchObject({
      ...{ invariant: "L2", kind: "liveness" },
      story: [expect.stringContaining("faults stopped"), "agent 0 is paused by activity: owner activity, plan"],
    });
  });

  test("fails when activity that is ignored is never over", () => {
    const run = restingRun({ quietMs });
    run.body.noticeActivity("plan");
    run.goOn(() => run.body.core.agent === "Paused");
    run.body.ask({ command: "resume", reason: "test" }, () => undefined);
    run.goOn();
    expect(run.liveness.failure()?.story.slice(1)).toEqual(["agent 0 takes its owner to be active: plan"]);
  });

  test("fails when an agent without work owes its owner an answer", () => {
    const run = restingRun({ livenessMs: 500 });
    run.body.stall(60_000);
    run.body.ask({ command: "pause", reason: "test" }, () => undefined);
    run.goOn();
    expect(run.liveness.failure()?.story.slice(1)).toEqual(["agent 0 owes its owner an answer"]);
  });

  test("gives who comes to have something to do again its bound again, and no longer", () => {
    const run = restingRun({ quietMs });
    run.goOn(() => run.liveness.endsAtMs === Infinity);
    run.body.noticeActivity("plan");
    const fromMs = run.world.nowMs;
    run.goOn();
    expect(run.liveness.failure()?.story[1]).toBe("agent 0 is paused by activity: owner activity, plan");
    expect(run.liveness.endsAtMs - fromMs).toBeLessThan(2 * livenessMsOf(run.world.options.timing));
  });
});
