import type { StepOf } from "../../steps/step.ts";
import { notInTime } from "../../steps/wait-error.ts";
import { withdrawalGraceMs } from "../../steps/withdrawal-load.ts";
import { withdrawAgent } from "./ask-agent.ts";
import type { HostStage } from "./host-stage.ts";

/** Lets every agent that is still there withdraw, so that the host can be looked at as they leave it. */
export async function withdrawAll(stage: HostStage, { deadlineMs }: StepOf<"withdraw-all">): Promise<string> {
  const there = [...stage.agents.values()].filter((agent) => !stage.hasLeft(agent));
  for (const agent of there) withdrawAgent(stage, agent, { deadlineMs });
  const withinMs = deadlineMs + withdrawalGraceMs;
  const idle = await stage.schedule.idle(withinMs);
  const left = there.filter((agent) => !stage.hasLeft(agent)).map(({ name }) => name);
  if (!idle || left.length > 0) throw notInTime(`the withdrawal of ${left.join(", ")} (L1)`, withinMs);
  return `${there.length} agents withdrew`;
}
