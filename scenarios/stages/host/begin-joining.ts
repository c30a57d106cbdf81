import { setTimeout as pauseFor } from "node:timers/promises";
import { join as joinPath } from "node:path";

import { withinDeadline } from "../../../foundation/deadline.ts";
import { type AgentStatus, controlSocketName } from "../../../protocol/control.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StartedActor } from "./actor.ts";
import { ControlError, controlCall } from "./control-call.ts";
import type { HostStage } from "./host-stage.ts";
import { launchAgent } from "./start-agent.ts";

/** When its control socket is there no event tells: it is tried this often, in milliseconds. */
const askEveryMs = 25;

/** Starts an agent that cannot join just now, and waits until it answers its owner. */
export async function beginJoining(stage: HostStage, step: StepOf<"begin-joining">): Promise<string> {
  const { options } = stage;
  const { agent: name, slots, withinMs } = step;
  const home = stage.homeOf(name);
  const control = joinPath(home, controlSocketName);
  options.ledger.register({ undo: "withdraw-agent", command: [...options.agentCommand], home });
  const started = launchAgent(stage, { name, slots });
  const { state, agentId } = await firstStatus(stage, started, { control, withinMs });
  stage.agents.set(name, { name, home, agentId: agentId ?? "", slots, control, actor: started.actor });
  if (state === "Enrolling") return `pid ${started.actor.pid} is Enrolling`;
  throw new StepError(`${name} was not to be let in yet, and is ${state}.`, {
    code: "joined",
    next: "Let the broker be down before this step.",
  });
}

async function firstStatus(
  stage: HostStage,
  { actor, notStarted }: StartedActor,
  { control, withinMs }: { control: string; withinMs: number },
): Promise<AgentStatus> {
  const { signal } = stage.options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await controlCall(control, { command: "status" }, { withinMs, signal }).catch((error: unknown) => {
      if (error instanceof ControlError) return undefined;
      throw error;
    });
    if (answer?.status !== undefined) return answer.status;
    const exit = await withinDeadline(actor.exited, { ms: askEveryMs, late: undefined });
    if (exit !== undefined || performance.now() > deadline) throw notStarted(exit, withinMs);
    await pauseFor(askEveryMs, undefined, { signal });
  }
}
