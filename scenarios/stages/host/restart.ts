import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { startAgent } from "./start-agent.ts";

/** Starts the agent again in its home; its instance is a new one, and its key the same. */
export async function restart(stage: HostStage, step: StepOf<"restart">): Promise<string> {
  const { name, slots, actor, agentId } = stage.agent(step.agent);
  const { agent } = await startAgent(stage, { name, slots, readyWithinMs: step.withinMs });
  if (stage.killed.delete(name)) {
    stage.options.history.record("fault.undone", { fault: "kill-agent", target: agentId });
  }
  return `pid ${agent.actor.pid} after ${actor.pid}`;
}
