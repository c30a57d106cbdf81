import { setTimeout as pauseFor } from "node:timers/promises";

import type { AgentStatus } from "../../../protocol/control.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { notBusy, WaitError } from "../../steps/wait-error.ts";
import { checkMarked } from "./check-marked.ts";
import { controlCall } from "./control-call.ts";
import { jobProcesses } from "./job-processes.ts";
import type { HostStage } from "./host-stage.ts";

/** A sandbox's progress is a figure of the agent that no event announces: it is asked for this often. */
const askEveryMs = 25;
const answerWithinMs = 5_000;

/** Waits until so many sandboxes run at once and each has reported progress. */
export async function awaitBusy(stage: HostStage, step: StepOf<"await-busy">): Promise<string> {
  const deadline = performance.now() + step.withinMs;
  const { signal } = stage.options;
  for (;;) {
    const status = await agentStatus(stage, step.agent);
    const working = status.sandboxes.filter((sandbox) => sandbox.execution === "running" && sandbox.progress > 0);
    if (working.length >= step.sandboxes) {
      for (const sandbox of working) if (sandbox.pid !== null) stage.see(sandbox.pid, "job");
      checkMarked(stage.agent(step.agent).agentId, working);
      // Whether they survive their job can be looked at later.
      jobProcesses(stage, step.agent);
      return `${working.length} sandboxes at work`;
    }
    checkNoneFailed(stage);
    if (performance.now() > deadline) throw notBusy(step, working.length);
    await pauseFor(askEveryMs, undefined, { signal });
  }
}

/** A job that has failed for good gets on no more: whoever waits for it hears at once why. */
function checkNoneFailed({ options: { history } }: HostStage): void {
  for (const { type, data } of history.records) {
    if (type !== "broker.job" || data.to !== "failed") continue;
    throw new StepError(`Job ${data.jobId} failed before it was at work: ${data.reason}.`, {
      code: "job-failed",
      next: "Run it again with --keep: what the job itself said is in its agent's home.",
    });
  }
}

/** Asks an agent for its status over its control socket. */
export async function agentStatus(stage: HostStage, name: string): Promise<AgentStatus> {
  const { control } = stage.agent(name);
  const answer = await controlCall(
    control,
    { command: "status" },
    { withinMs: answerWithinMs, signal: stage.options.signal },
  );
  if (answer.status === undefined) {
    throw new WaitError(`The agent ${name} answered without its status.`, {
      code: "no-status",
      next: "Its log is in the run directory's logs/.",
    });
  }
  return answer.status;
}
