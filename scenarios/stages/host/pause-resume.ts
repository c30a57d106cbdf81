import { setTimeout as pauseFor } from "node:timers/promises";

import type { PauseResult } from "../../../protocol/control.ts";
import { orAborted } from "../../interruption.ts";
import { WaitError } from "../../steps/wait-error.ts";
import type { StepOf } from "../../steps/step.ts";
import { notRefused } from "../../steps/not-refused.ts";
import { ControlError, openControl } from "./control-call.ts";
import type { HostStage } from "./host-stage.ts";
import { ownerCall, sendAsOwner } from "./owner-call.ts";
import { processStat } from "./proc.ts";
import { activity, cpuTimes, watchUntilStopped, type Witness } from "./witness.ts";

const answerWithinMs = 30_000;
/** How often it is looked whether everything goes on after a resume, and for how long a time, in milliseconds. */
const goOnLookEveryMs = 20;
const goOnLooksMax = 250;

/** Pauses the agent and sees from outside how long its processes went on. */
export async function pause(stage: HostStage, step: StepOf<"pause">): Promise<string> {
  if (step.refused === true) return await refusedPause(stage, step);
  const { latencyMs, result, processes } = await pauseOnce(stage, step.agent);
  return `${processes} processes seen stopped after ${latencyMs.toFixed(2)} ms; ${result?.checkpoints ?? "no"} checkpoints saved`;
}

async function refusedPause(stage: HostStage, { agent }: StepOf<"pause">): Promise<string> {
  const request = { command: "pause", reason: "scenario" } as const;
  try {
    await ownerCall(stage, stage.agent(agent), { request, withinMs: answerWithinMs, signal: stage.options.signal });
  } catch (error) {
    if (error instanceof ControlError && error.code === "refused") return error.message;
    throw error;
  }
  throw notRefused(agent, "granted");
}

/** Resumes the agent. */
export async function resume(stage: HostStage, step: StepOf<"resume">): Promise<string> {
  const latencyMs = await resumeOnce(stage, step.agent);
  return `answered after ${latencyMs.toFixed(1)} ms`;
}

/** Pauses and resumes in close order; each freeze is watched from outside, and that nothing runs until the resume. */
export async function pauseResumeCycles(stage: HostStage, step: StepOf<"pause-resume-cycles">): Promise<string> {
  const latencies: number[] = [];
  for (let cycle = 0; cycle < step.cycles; cycle += 1) {
    const { latencyMs } = await pauseOnce(stage, step.agent);
    latencies.push(latencyMs);
    await resumeOnce(stage, step.agent);
  }
  latencies.sort((a, b) => a - b);
  const worst = latencies.at(-1) ?? 0;
  return `${latencies.length} freezes, the slowest ${worst.toFixed(2)} ms`;
}

async function pauseOnce(
  stage: HostStage,
  name: string,
): Promise<{ latencyMs: number; processes: number; result: PauseResult | undefined }> {
  const { history, signal } = stage.options;
  const agent = stage.agent(name);
  const witness = stage.witness(name);
  try {
    const patience = { withinMs: answerWithinMs, signal };
    const call = await openControl(agent.control, patience);
    // From here to the last look nothing is awaited: the figure is the agent's and the kernel's, not this process's.
    const request = { command: "pause", reason: "scenario" } as const;
    const { sentAt: askedAt, answer: heard } = sendAsOwner(stage, agent, { call, request, ...patience });
    const stoppedAt = watchUntilStopped(witness);
    if (stoppedAt === undefined) {
      const runners = witness
        .running()
        .map((pid) => `${pid} (${processStat(pid)?.command}, ${processStat(pid)?.state})`);
      throw new WaitError(`The agent ${name} was asked to pause and its processes ran on: ${runners.join(", ")}.`, {
        code: "not-frozen",
        next: "All its jobs' processes have HOUSEGUEST_LEASE in their environment.",
      });
    }
    const latencyMs = stoppedAt - askedAt;
    const before = cpuTimes(witness.processes());
    const frozenAt = performance.now();
    const answer = await orAborted(heard, signal);
    // Up to the agent's own answer, while it saved the checkpoints, nothing may have run.
    const { cpuUsedUs, running } = activity(before, witness);
    history.record("witness.freeze", {
      latencyMs,
      source: witness.source,
      processes: before.size,
      agentFreezeMs: answer.pause?.freezeMs ?? null,
    });
    history.record("witness.frozen", {
      processes: before.size,
      running,
      cpuUsedUs,
      forMs: performance.now() - frozenAt,
    });
    return { latencyMs, processes: before.size, result: answer.pause };
  } finally {
    witness.close();
  }
}

async function resumeOnce(stage: HostStage, name: string): Promise<number> {
  const { history, signal } = stage.options;
  const witness = stage.witness(name);
  try {
    const agent = stage.agent(name);
    const patience = { withinMs: answerWithinMs, signal };
    const call = await openControl(agent.control, patience);
    const processes = witness.processes().length;
    const request = { command: "resume", reason: "scenario" } as const;
    const { sentAt: askedAt, answer } = sendAsOwner(stage, agent, { call, request, ...patience });
    await orAborted(answer, signal);
    const latencyMs = performance.now() - askedAt;
    history.record("witness.resume", { latencyMs, processes, stopped: await stoppedStill(witness, signal) });
    return latencyMs;
  } finally {
    witness.close();
  }
}

/** @returns how many do not go on, though they had the time: what is let go on needs a processor to show it */
async function stoppedStill(witness: Witness, signal: AbortSignal): Promise<number> {
  for (let looks = 1; ; looks += 1) {
    const { length } = witness.stopped();
    if (length === 0 || looks > goOnLooksMax) return length;
    await pauseFor(goOnLookEveryMs, undefined, { signal });
  }
}
