import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** As on the host. */
const readyWithinMs = 20_000;

/** Starts an agent on a host of its own and waits until it has joined. */
export async function join(stage: SimStage, step: StepOf<"join">): Promise<string> {
  const quietMs = step.quietS === undefined ? undefined : step.quietS * 1_000;
  const member = stage.startAgent(step.agent, { slots: step.slots, quietMs, autostart: step.autostart });
  const hasJoined = () => member.body !== null && member.body.core.agent !== "Enrolling";
  await stage.until(`${step.agent} to join`, hasJoined, readyWithinMs);
  return `agent ${member.host.agentId.slice(0, 12)}`;
}

/** Starts an agent that cannot join just now, and waits until it has tried to. */
export async function beginJoining(stage: SimStage, step: StepOf<"begin-joining">): Promise<string> {
  const member = stage.startAgent(step.agent, { slots: step.slots, quietMs: undefined });
  const isTrying = () => member.body?.core.agent === "Enrolling" && member.body.core.enrolmentSent;
  await stage.until(`${step.agent} to try to join`, isTrying, step.withinMs);
  return `agent ${member.host.agentId.slice(0, 12)} is Enrolling`;
}
