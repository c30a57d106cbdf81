import { setTimeout as pauseFor } from "node:timers/promises";

import { withinDeadline } from "../../../foundation/deadline.ts";
import { orAborted } from "../../interruption.ts";
import { WaitError } from "../../run-history.ts";
import type { StepOf } from "../../steps/step.ts";
import { controlCall } from "./control-call.ts";
import type { HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { submit } from "./submit.ts";

/** An agent may take its deadline and this much more, in milliseconds, before it is given up. */
const graceMs = 10_000;
/** Pressure while a withdrawal runs: so many small jobs every so often. */
const pressure = { jobs: 2, everyMs: 50, units: 2, unitCpuMs: 5, children: 0 } as const;

/** Asks the agent to withdraw and waits until its process is gone. */
export async function withdraw(stage: HostStage, step: StepOf<"withdraw">): Promise<string> {
  const { signal } = stage.options;
  const agent = stage.agent(step.agent);
  keepKey(stage, agent);
  const withinMs = step.deadlineMs + graceMs;
  const beganAt = performance.now();
  const answer = controlCall(
    agent.control,
    { command: "withdraw", reason: "scenario", deadlineMs: step.deadlineMs },
    { withinMs, signal },
  );
  const submitted = step.underLoad === undefined ? 0 : await submitUntil(stage, step.underLoad, answer);
  const { report } = await orAborted(answer, signal);
  const exit = await orAborted(withinDeadline(agent.actor.exited, { ms: withinMs, late: undefined }), signal);
  if (exit === undefined) {
    throw new WaitError(`The agent ${step.agent} withdrew and its process ${agent.actor.pid} goes on.`, {
      code: "still-running",
      next: `Look at it with: ps -o pid,stat,wchan:20,args -p ${agent.actor.pid}.`,
    });
  }
  const tookMs = performance.now() - beganAt;
  stage.options.history.record("witness.withdrawn", { tookMs, deadlineMs: step.deadlineMs });
  const seconds = (tookMs / 1000).toFixed(1);
  const load = submitted === 0 ? "" : `, ${submitted} jobs were submitted meanwhile`;
  if (report === undefined) return `gone after ${seconds} s without a report${load}`;
  return `gone after ${seconds} s, ${report.leasesHandedBack} leases handed back, key ${report.keyRevoked}${load}`;
}

/** Submits until the work is done, so that there is always something to offer. */
async function submitUntil(stage: HostStage, batch: string, work: Promise<unknown>): Promise<number> {
  let working = true;
  const ended = work.then(
    () => (working = false),
    () => (working = false),
  );
  let submitted = 0;
  while (working) {
    await submit(stage, { step: "submit", batch, ...pressure });
    submitted += pressure.jobs;
    await Promise.race([ended, pauseFor(pressure.everyMs)]);
  }
  return submitted;
}
