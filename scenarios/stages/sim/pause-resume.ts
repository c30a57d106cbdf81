import type { StepOf } from "../../steps/step.ts";
import { answered, hear } from "./owner.ts";
import type { SimStage } from "./sim-stage.ts";

const answerWithinMs = 30_000;

/** Pauses the agent; the modelled host sees how long its processes went on, and whether any runs until the resume. */
export function pause(stage: SimStage, step: StepOf<"pause">): string {
  const { pause: result } = answered(stage, step.agent, { command: "pause", reason: "scenario" });
  return `frozen after ${(result?.freezeMs ?? 0).toFixed(2)} ms; ${result?.checkpoints ?? "no"} checkpoints saved`;
}

/** Resumes the agent. */
export function resume(stage: SimStage, step: StepOf<"resume">): string {
  const latencyMs = resumeOnce(stage, step.agent);
  return `answered after ${latencyMs.toFixed(1)} ms`;
}

/** Pauses and resumes in close order. */
export function pauseResumeCycles(stage: SimStage, step: StepOf<"pause-resume-cycles">): string {
  const freezes: number[] = [];
  for (let cycle = 0; cycle < step.cycles; cycle += 1) {
    const { pause: result } = answered(stage, step.agent, { command: "pause", reason: "scenario" });
    freezes.push(result?.freezeMs ?? 0);
    resumeOnce(stage, step.agent);
  }
  return `${freezes.length} freezes, the slowest ${Math.max(...freezes).toFixed(2)} ms`;
}

/** The owner of the world asks, because it is the one that then looks how much still stands. */
function resumeOnce(stage: SimStage, name: string): number {
  const { simulation } = stage;
  const member = stage.agent(name);
  const askedAtMs = stage.nowMs;
  simulation.director.resume(member);
  const goesOn = () => member.body !== null && member.body.core.freeze === null && member.body.core.pause === null;
  stage.until(`${name} to go on`, goesOn, answerWithinMs);
  const latencyMs = stage.nowMs - askedAtMs;
  hear(stage);
  return latencyMs;
}
