import { setTimeout as pauseFor } from "node:timers/promises";

import { isTerminalJob } from "../../../protocol/job-states.ts";
import type { StepOf } from "../../steps/step.ts";
import { WaitError } from "../../steps/wait-error.ts";
import { resumeAgent } from "./ask-agent.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";
import { join } from "./join.ts";
import { mindAgent } from "./open-schedule.ts";

/** Whether everything has come to its end is looked at this often, in milliseconds; as in virtual time. */
const lookEveryMs = 500;
/** The most jobs and agents that an error names. */
const namesMax = 5;
/** Who joins when everybody else has left. */
const relief = "relief";

/**
 * The liveness phase of a plan: what is broken is mended, whoever is down comes back, owners let go on what they
 * paused. Within its bound every job must reach its end (L2) and every withdrawal too (L1).
 */
export async function settle(stage: HostStage, { calmAtMs, withinMs }: StepOf<"settle">): Promise<string> {
  const { schedule } = stage;
  await schedule.reached(calmAtMs);
  schedule.calm();
  const beganAtMs = schedule.nowMs;
  for (;;) {
    // A failure of what goes on beside the steps ends the wait; what merely takes its time is among the unfinished.
    const idle = await schedule.idle(lookEveryMs);
    const unfinished = [...(idle ? [] : ["somebody has not come back or answered"]), ...(await unfinishedOf(stage))];
    if (idle && unfinished.some(isJob)) await bringRelief(stage);
    const tookMs = schedule.nowMs - beganAtMs;
    if (unfinished.length === 0) return `after ${(tookMs / 1_000).toFixed(1)} s`;
    if (tookMs > withinMs) throw notSettled(unfinished, tookMs);
    if (idle) await pauseFor(lookEveryMs, undefined, { signal: schedule.signal });
  }
}

/** Somebody has to be there to do the work that is left. */
async function bringRelief(stage: HostStage): Promise<void> {
  const cast = [...stage.agents.values()];
  const slots = cast[0]?.slots ?? 1;
  if (stage.agents.has(relief) || !cast.every((agent) => stage.hasLeft(agent))) return;
  await join(stage, { step: "join", agent: relief, slots });
  mindAgent(stage, stage.agent(relief));
}

async function unfinishedOf(stage: HostStage): Promise<string[]> {
  const lines: string[] = [];
  const jobs = await stage.running.operator.jobs().catch(() => undefined);
  if (jobs === undefined) lines.push("the broker does not answer");
  for (const { jobId, state, epoch } of jobs ?? []) {
    if (!isTerminalJob(state)) lines.push(`job ${jobId} is ${state}, epoch ${epoch}`);
  }
  for (const agent of stage.agents.values()) {
    if (stage.hasLeft(agent)) continue;
    // Down, or on its way out: it is asked again.
    const status = await agentStatus(stage, agent.name).catch(() => undefined);
    if (status === undefined) lines.push(`${agent.name} does not answer`);
    else if (status.state === "Paused" || status.pauseAsked) {
      resumeAgent(stage, agent);
      lines.push(`${agent.name} is to go on`);
    } else if (status.state !== "Idle") lines.push(`${agent.name} is ${status.state}`);
  }
  return lines;
}

const isJob = (line: string): boolean => line.startsWith("job");

function notSettled(unfinished: readonly string[], tookMs: number): WaitError {
  const invariant = unfinished.some(isJob) ? "L2" : "L1";
  const more = unfinished.length > namesMax ? [`and ${unfinished.length - namesMax} more`] : [];
  const named = [...unfinished.slice(0, namesMax), ...more].join("; ");
  const seconds = (tookMs / 1_000).toFixed(0);
  return new WaitError(
    `Faults stopped ${seconds} s ago, and not everything has come to its end (${invariant}): ${named}.`,
    { code: "not-settled", next: "The logs of agent and broker are in the run directory's logs/." },
  );
}
