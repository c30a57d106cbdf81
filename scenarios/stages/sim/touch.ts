import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** As on the host, for whoever watches from outside. */
const frozenWithinMs = 5_000;

/** The owner does something at the modelled host, and everything on it stops. */
export async function touch(stage: SimStage, { agent, ignored }: StepOf<"touch">): Promise<string> {
  const member = stage.agent(agent);
  const touchedAtMs = stage.nowMs;
  member.body?.noticeActivity("touch");
  if (ignored === true) return "what comes of it is judged by what it does afterwards";
  const stands = () =>
    [...member.host.sandboxes.values()].every((sandbox) => sandbox.processes === 0 || sandbox.isStopped);
  // By the owner's own word, perhaps, which counts for more.
  const isPaused = () => member.body !== null && member.body.core.pause !== null;
  await stage.until(`${agent} to stop`, () => isPaused() && stands(), frozenWithinMs);
  return `everything stands still ${(stage.nowMs - touchedAtMs).toFixed(2)} ms after it`;
}

/** Lets time pass until the agent has gone on by itself. */
export async function awaitQuiet(stage: SimStage, { agent, withinMs }: StepOf<"await-quiet">): Promise<string> {
  const { body } = stage.agent(agent);
  const beganAtMs = stage.nowMs;
  const goesOn = () => body !== null && body.core.pause === null && body.core.agent !== "Paused";
  await stage.until(`${agent} to go on by itself`, goesOn, withinMs);
  return `${body?.core.agent} after ${((stage.nowMs - beganAtMs) / 1_000).toFixed(1)} s: ${body?.core.reason}`;
}
