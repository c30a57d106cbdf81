import { describe, expect, test } from "vitest";

import { defaultTiming } from "../../protocol/timing.ts";
import { Convergence } from "./convergence.ts";
import { livenessMsOf } from "./plan/liveness-bound.ts";
import { settledSimulation } from "./testing/settled-simulation.ts";
import { runPlan, smallPlan, submit } from "./testing/small-plan.ts";

/** Looks as often as it wants to until it is over, or for so long. */
function watched(settled: ReturnType<typeof settledSimulation>, forMs = Infinity): Convergence {
  const { simulation, pass } = settled;
  const convergence = new Convergence(simulation);
  const untilMs = simulation.world.nowMs + forMs;
  while (!convergence.isOver && simulation.world.nowMs < untilMs) {
    convergence.look();
    pass(convergence.lookEveryMs);
  }
  return convergence;
}

describe("a run converges", () => {
  test("when all agree, and nothing but heartbeats goes on for a while", () => {
    const settled = settledSimulation();
    const fromMs = settled.simulation.world.nowMs;
    expect(watched(settled).story).toEqual([]);
    expect(settled.simulation.world.nowMs - fromMs).toBeGreaterThanOrEqual(3_000);
  });

  test("when what is still amiss mends itself within the bound", () => {
    const settled = settledSimulation();
    settled.record.slotsFree = 0;
    expect(watched(settled).story).toEqual([]);
  });

  test("when a store stood still, and much that waited for it was told when faults stopped", () => {
    // What the long wait would have ended with comes in the middle of the rest.
    const stall = { atMs: 133_000, do: "stall-store", forMs: 500_000, away: false } as const;
    const options = { timing: defaultTiming, slots: 2, safetyMs: 544_000, latencyMsMin: 0, latencyMsMax: 0 };
    const plan = smallPlan([submit(132_000, { unitMs: 700 }, 5), stall], options);
    expect(runPlan(plan).outcome.failure).toBeNull();
  });

  test("when a stranger was refused and left nothing behind", () => {
    const settled = settledSimulation([submit(0), { atMs: 15_000, do: "stranger", pauses: false }]);
    const gone = settled.simulation.members.map((member) => member.gone);
    expect(gone).toEqual([false, true]);
    expect(watched(settled).story).toEqual([]);
  });
});

describe("a run does not converge", () => {
  test("while something stays amiss, and fails when the bound is over", () => {
    const settled = settledSimulation();
    settled.body.host.makeWorkspace("lease-1", 0);
    const boundMs = livenessMsOf(settled.simulation.plan.options.timing);
    expect(watched(settled, boundMs - 10_000).isOver).toBe(false);
    const { isOver, story } = watched(settled);
    expect([isOver, story[1]]).toEqual([true, "agent 0 keeps the working directory of lease-1"]);
    expect(story[0]).toMatch(/^faults stopped \d+ s ago, all work is done, and agents, hosts and broker do not agree/);
  });

  test("when somebody calls who has no reason to", () => {
    const settled = settledSimulation();
    const { simulation } = settled;
    const again = (): void => {
      simulation.network.otherCalls += 1;
      simulation.network.lastOtherCall = "enrol";
      simulation.world.heap.push(simulation.world.nowMs + 100, { happen: again }, 0, null);
    };
    again();
    expect(watched(settled).story).toContain("something was said beside heartbeats: enrol");
  });

  test("when a heartbeat follows on the other, or something is done for nothing", () => {
    const settled = settledSimulation();
    const { simulation, body } = settled;
    const again = (): void => {
      body.see({ type: "timer", name: "heartbeat" });
      simulation.world.heap.push(simulation.world.nowMs + 1, { happen: again }, 0, null);
    };
    again();
    const story = watched(settled).story.join("\n");
    expect(story).toMatch(/1 agents sent \d+ heartbeats in \d+ ms, and none had a reason/);
    expect(story).toMatch(/\d+ events in \d+ ms of rest/);
  });

  test("when a stranger was taken in", () => {
    const settled = settledSimulation();
    settled.body.host.joinToken = "another broker's token";
    const boundMs = livenessMsOf(settled.simulation.plan.options.timing);
    settled.pass(0);
    expect(watched(settled, boundMs + 10_000).story[1]).toBe("agent 0 was taken in with a wrong token");
  });
});
