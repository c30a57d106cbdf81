import type { StepOf } from "../../steps/step.ts";
import { notRefused } from "../../steps/not-refused.ts";
import { answered, ask, hear } from "./owner.ts";
import type { SimStage } from "./sim-stage.ts";

const answerWithinMs = 30_000;

/** Pauses the agent; the modelled host sees how long its processes went on, and whether any runs until the resume. */
export async function pause(stage: SimStage, step: StepOf<"pause">): Promise<string> {
  if (step.refused === true) return await refusedPause(stage, step);
  const { pause: result } = await answered(stage, step.agent, { command: "pause", reason: "scenario" });
  return `frozen after ${(result?.freezeMs ?? 0).toFixed(2)} ms; ${result?.checkpoints ?? "no"} checkpoints saved`;
}

async function refusedPause(stage: SimStage, { agent }: StepOf<"pause">): Promise<string> {
  const asked = ask(stage, agent, { command: "pause", reason: "scenario" });
  await stage.until(`${agent}'s answer to pause`, () => asked.answer !== null, answerWithinMs);
  const { answer } = asked;
  if (answer?.ok === false && answer.code === "refused") return answer.message;
  throw notRefused(agent, answer?.ok === false ? answer.code : "granted");
}

/** Resumes the agent. */
export async function resume(stage: SimStage, step: StepOf<"resume">): Promise<string> {
  const latencyMs = await resumeOnce(stage, step.agent);
  return `answered after ${latencyMs.toFixed(1)} ms`;
}

/** Pauses and resumes in close order. */
export async function pauseResumeCycles(stage: SimStage, step: StepOf<"pause-resume-cycles">): Promise<string> {
  const freezes: number[] = [];
  for (let cycle = 0; cycle < step.cycles; cycle += 1) {
    const { pause: result } = await answered(stage, step.agent, { command: "pause", reason: "scenario" });
    freezes.push(result?.freezeMs ?? 0);
    await resumeOnce(stage, step.agent);
  }
  return `${freezes.length} freezes, the slowest ${Math.max(...freezes).toFixed(2)} ms`;
}

/** The owner of the world asks, because it is the one that then looks how much still stands. */
async function resumeOnce(stage: SimStage, name: string): Promise<number> {
  const { simulation } = stage;
  const member = stage.agent(name);
  const askedAtMs = stage.nowMs;
  simulation.director.resume(member);
  const goesOn = () => member.body !== null && member.body.core.freeze === null && member.body.core.pause === null;
  await stage.until(`${name} to go on`, goesOn, answerWithinMs);
  const latencyMs = stage.nowMs - askedAtMs;
  await hear(stage);
  return latencyMs;
}
