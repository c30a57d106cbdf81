import type { ControlRequest } from "../../../protocol/control.ts";
import type { PlanStepOf } from "../../simulator/plan/plan.ts";
import { withdrawalGraceMs } from "../../steps/withdrawal-load.ts";
import { controlCall } from "./control-call.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";

const answerWithinMs = 60_000;

/** Asks an agent for something as its owner, and waits for no answer: an agent that is down or is killed gives none. */
export function askAgent(stage: HostStage, { name, control }: HostAgent, request: ControlRequest): string {
  const { schedule } = stage;
  const { signal } = schedule;
  schedule.beside(() =>
    controlCall(control, request, { withinMs: answerWithinMs, signal }).then(
      () => undefined,
      () => undefined,
    ),
  );
  return `${name} is asked to ${request.command}`;
}

/** The owner asks for the withdrawal; it is timed up to the end of the process that was asked (L1). */
export function withdrawAgent(
  stage: HostStage,
  { name, agentId, control, actor }: HostAgent,
  { deadlineMs }: Pick<PlanStepOf<"withdraw">, "deadlineMs">,
): string {
  const { schedule, options } = stage;
  const { signal } = schedule;
  const beganAtMs = schedule.nowMs;
  const request = { command: "withdraw", reason: "plan", deadlineMs: Math.max(1, Math.round(deadlineMs)) } as const;
  schedule.beside(async () => {
    const withinMs = deadlineMs + withdrawalGraceMs;
    const asked = await controlCall(control, request, { withinMs, signal }).catch(() => undefined);
    // Down, or killed on the way: the next instance goes on with it, if this one had begun.
    if (asked === undefined) return;
    await actor.exited;
    const stoodStillMs = stage.schedule.stoodStillMs(actor.pid, beganAtMs);
    const tookMs = schedule.nowMs - beganAtMs - stoodStillMs;
    options.history.record("witness.withdrawn", { agentId, tookMs, deadlineMs });
  });
  return `${name} is asked to withdraw within ${deadlineMs} ms`;
}
