import { orAborted } from "../../interruption.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStage } from "./host-stage.ts";

/** kill -9 of the agent's process, which stays down until it is started again. */
export async function kill(stage: HostStage, { agent: name }: StepOf<"kill">): Promise<string> {
  const { actor, agentId } = stage.agent(name);
  const { history, signal } = stage.options;
  if (actor.hasExited()) {
    throw new StepError(`${name} is down already, so that nothing can be killed.`, {
      code: "no-agent",
      next: "Start it before, with the step `restart`.",
    });
  }
  const detail = "until it is started again";
  await stage.faults.look();
  history.record("fault.applied", { fault: "kill-agent", target: agentId, detail, subjects: [] });
  stage.killed.add(name);
  stage.pauses.ending(name);
  actor.kill("SIGKILL");
  await orAborted(actor.exited, signal);
  return `pid ${actor.pid} is gone`;
}
