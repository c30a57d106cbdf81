import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { neverMs } from "../../simulator/never.ts";
import type { SimStage } from "./sim-stage.ts";

/** kill -9 of the agent's process, which stays down until it is started again. */
export function kill(stage: SimStage, { agent: name }: StepOf<"kill">): string {
  const member = stage.agent(name);
  const { body } = member;
  if (body === null) {
    throw new StepError(`${name} is down already, so that nothing can be killed.`, {
      code: "no-agent",
      next: "Start it before, with the step `restart`.",
    });
  }
  const { agentId } = member.host;
  const detail = "until it is started again";
  stage.record("fault.applied", { fault: "kill-agent", target: agentId, detail, subjects: [] });
  stage.killed.add(name);
  member.downMs = neverMs;
  body.kill({ afterEffects: 0, edge: "after" }, () => undefined);
  return `instance ${body.instanceId.slice(-4)} is gone`;
}
