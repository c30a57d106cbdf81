import { withinDeadline } from "../../../foundation/deadline.ts";
import { ExitCode } from "../../../foundation/exit-codes.ts";
import { orAborted } from "../../interruption.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { notInTime } from "../../steps/wait-error.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";

/** Has the agent's process end, by a signal or by the broker, and looks whether a job outlived it. */
export async function shutdown(stage: HostStage, step: StepOf<"shutdown">): Promise<string> {
  const agent = stage.agent(step.agent);
  const { actor, name } = agent;
  const beganAt = performance.now();
  await tell(stage, agent, step.by);
  const exit = await orAborted(
    withinDeadline(actor.exited, { ms: step.withinMs, late: undefined }),
    stage.options.signal,
  );
  if (exit === undefined) throw notInTime(`the end of ${name}'s process after ${step.by}`, step.withinMs);
  const tookMs = performance.now() - beganAt;
  if (exit.code !== ExitCode.pass) {
    throw new StepError(`${name} ended with ${exit.code ?? exit.signal} after ${step.by}, and not with 0.`, {
      code: "bad-end",
      next: `Read why in the run directory's logs/${name}.log.`,
    });
  }
  checkNoneLeft(stage, name);
  return `ended after ${(tookMs / 1000).toFixed(2)} s, and no job's process is left`;
}

async function tell(stage: HostStage, { agentId, actor }: HostAgent, by: StepOf<"shutdown">["by"]): Promise<void> {
  const { history } = stage.options;
  if (by !== "goodbye") {
    history.record("witness.signal", { agentId, signal: by });
    actor.kill(by);
    return;
  }
  const command = { command: "goodbye", reason: "scenario" } as const;
  history.record("witness.command", { agentId, by: "broker", ...command });
  await stage.running.operator.command(agentId, command);
}

/** EG-2: what the agent started goes down with it. */
function checkNoneLeft(stage: HostStage, name: string): void {
  const witness = stage.witness(name);
  const left = witness.processes();
  witness.close();
  if (left.length === 0) return;
  throw new StepError(`${name} has ended, and ${left.length} processes of its jobs have not: ${left.join(", ")}.`, {
    code: "jobs-left",
    next: `Look at them with: ps -o pid,stat,args -p ${left.join(",")}.`,
  });
}
