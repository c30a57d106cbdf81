import { present } from "../../../foundation/assert.ts";
import { Coverage } from "../coverage.ts";
import { replayTape } from "../kernel/choices.ts";
import type { PlanStep } from "../plan/plan.ts";
import { Simulation } from "../simulation.ts";
import { smallPlan, submit } from "./small-plan.ts";

/** A run of one agent that has done one job, a good while ago. */
export function settledSimulation(steps: readonly PlanStep[] = [submit(0)]) {
  const plan = smallPlan(steps);
  const simulation = new Simulation(plan, { tape: replayTape([]), coverage: new Coverage(), onRecord: null });
  const pass = (forMs: number): void => {
    const untilMs = simulation.world.nowMs + forMs;
    while (simulation.world.happenNext(untilMs));
    simulation.world.nowMs = untilMs;
  };
  simulation.begin();
  pass(120_100);
  const body = present(simulation.members[0]?.body, "its agent is up");
  const state = present(simulation.broker.state, "its broker is up");
  const record = present(state.agents.get(body.host.agentId), "its broker knows it");
  return { simulation, pass, body, state, record };
}
