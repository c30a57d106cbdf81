import { setTimeout as pauseFor } from "node:timers/promises";

import { withinDeadline } from "../../../foundation/deadline.ts";
import { orAborted } from "../../interruption.ts";
import type { StepOf } from "../../steps/step.ts";
import { WaitError } from "../../steps/wait-error.ts";
import { withdrawalGraceMs, withdrawalLoad } from "../../steps/withdrawal-load.ts";
import { checkSameReport } from "../../steps/same-report.ts";
import { withdrawnWords } from "../../steps/withdrawn-words.ts";

import type { HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { ownerCall } from "./owner-call.ts";
import { submit } from "./submit.ts";

/** Asks the agent to withdraw and waits until its process is gone. */
export async function withdraw(stage: HostStage, step: StepOf<"withdraw">): Promise<string> {
  const { signal } = stage.options;
  const agent = stage.agent(step.agent);
  keepKey(stage, agent);
  const withinMs = step.deadlineMs + withdrawalGraceMs;
  const beganAt = performance.now();
  const request = { command: "withdraw", reason: "scenario", deadlineMs: step.deadlineMs } as const;
  const answer = ownerCall(stage, agent, { request, withinMs, signal });
  const others = Promise.all(
    Array.from({ length: (step.asks ?? 1) - 1 }, () => ownerCall(stage, agent, { request, withinMs, signal })),
  );
  // They may fail while the first answer is waited for, or after that one failed, when nobody waits for them any more.
  others.catch(() => undefined);
  const submitted = step.underLoad === undefined ? 0 : await submitUntil(stage, step.underLoad, answer);
  const { report } = await orAborted(answer, signal);
  checkSameReport(report, await orAborted(others, signal));
  const exit = await orAborted(withinDeadline(agent.actor.exited, { ms: withinMs, late: undefined }), signal);
  if (exit === undefined) {
    throw new WaitError(`The agent ${step.agent} withdrew and its process ${agent.actor.pid} goes on.`, {
      code: "still-running",
      next: `Look at it with: ps -o pid,stat,wchan:20,args -p ${agent.actor.pid}.`,
    });
  }
  const tookMs = performance.now() - beganAt;
  stage.options.history.record("witness.withdrawn", { tookMs, deadlineMs: step.deadlineMs });
  return withdrawnWords({ tookMs, report, submitted });
}

/** Submits until the work is done, so that there is always something to offer. */
export async function submitUntil(stage: HostStage, batch: string, work: Promise<unknown>): Promise<number> {
  let working = true;
  const ended = work.then(
    () => (working = false),
    () => (working = false),
  );
  let submitted = 0;
  while (working) {
    await submit(stage, { step: "submit", batch, ...withdrawalLoad });
    submitted += withdrawalLoad.jobs;
    await Promise.race([ended, pauseFor(withdrawalLoad.everyMs)]);
  }
  return submitted;
}
