import type { ControlRequest } from "../../../protocol/control.ts";
import type { PlanStepOf } from "../../simulator/plan/plan.ts";
import { withdrawalGraceMs } from "../../steps/withdrawal-load.ts";

import type { HostAgent, HostStage } from "./host-stage.ts";
import { ownerCall } from "./owner-call.ts";

const answerWithinMs = 60_000;

/** The owner pauses the host; from the answer on it is watched from outside that nothing runs (I5). */
export function pauseAgent(stage: HostStage, agent: HostAgent): string {
  const watch = stage.pauses.pausing(agent.name);
  ask(stage, agent, { command: "pause", reason: "plan" }, () => {
    watch(agent.agentId, () => stage.witness(agent.name));
  });
  return `${agent.name} is asked to pause`;
}

/** The owner lets it go on. */
export function resumeAgent(stage: HostStage, agent: HostAgent): string {
  stage.pauses.ending(agent.name);
  ask(stage, agent, { command: "resume", reason: "plan" }, () => undefined);
  return `${agent.name} is asked to resume`;
}

/** The owner asks for the withdrawal; it is timed up to the end of the process that was asked (L1). */
export function withdrawAgent(
  stage: HostStage,
  agent: HostAgent,
  { deadlineMs }: Pick<PlanStepOf<"withdraw">, "deadlineMs">,
): string {
  const { schedule, options } = stage;
  const { name, agentId, actor } = agent;
  const { signal } = schedule;
  stage.pauses.ending(name);
  const beganAtMs = schedule.nowMs;
  const request = { command: "withdraw", reason: "plan", deadlineMs: Math.max(1, Math.round(deadlineMs)) } as const;
  schedule.beside(async () => {
    const withinMs = deadlineMs + withdrawalGraceMs;
    const asked = await ownerCall(stage, agent, { request, withinMs, signal }).catch(() => undefined);
    // Down, or killed on the way: the next instance goes on with it, if this one had begun.
    if (asked === undefined) return;
    await actor.exited;
    const stoodStillMs = stage.schedule.stoodStillMs(actor.pid, beganAtMs);
    const tookMs = schedule.nowMs - beganAtMs - stoodStillMs;
    options.history.record("witness.withdrawn", { agentId, tookMs, deadlineMs });
  });
  return `${name} is asked to withdraw within ${deadlineMs} ms`;
}

/** Nobody waits for the answer: an agent that is down or is killed gives none. */
function ask(stage: HostStage, agent: HostAgent, request: ControlRequest, granted: () => void): void {
  const { schedule } = stage;
  const { signal } = schedule;
  schedule.beside(async () => {
    const answer = await ownerCall(stage, agent, { request, withinMs: answerWithinMs, signal }).catch(() => undefined);
    if (answer !== undefined) granted();
  });
}
