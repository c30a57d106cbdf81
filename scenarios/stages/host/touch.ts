import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

import { systemClock } from "../../../foundation/clock.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import { notInTime, WaitError } from "../../steps/wait-error.ts";
import type { StepOf } from "../../steps/step.ts";
import { agentStatus } from "./await-busy.ts";
import type { HostStage } from "./host-stage.ts";
import { watchUntilStopped } from "./witness.ts";

const askEveryMs = 25;

/** The owner writes a file, and whoever runs here is seen to stop, from outside. */
export async function touch(stage: HostStage, { agent: name, ignored }: StepOf<"touch">): Promise<string> {
  const { history } = stage.options;
  const { agentId } = stage.agent(name);
  const desk = stage.desks.get(name);
  if (desk === undefined) throw unknownName("agent that watches its owner's files", name);
  const witness = stage.witness(name);
  try {
    const wasStopped = witness.allStopped();
    history.record("witness.activity", { agentId, what: "touch", noticedAtMs: systemClock.nowMs() });
    const touchedAt = performance.now();
    writeFileSync(join(desk, "file"), String(touchedAt));
    if (ignored === true) return "what comes of it is judged by what it does afterwards";
    const stoppedAt = watchUntilStopped(witness);
    if (stoppedAt === undefined) {
      throw new WaitError(`The owner of ${name} was active, and its processes ran on.`, {
        code: "not-frozen",
        next: "The agent's log in the run directory tells whether it noticed.",
      });
    }
    const processes = witness.processes().length;
    if (wasStopped) return `${processes} processes stand still already`;
    const latencyMs = stoppedAt - touchedAt;
    history.record("witness.freeze", {
      ...{ agentId, latencyMs, source: witness.source, processes, agentFreezeMs: null },
    });
    return `${processes} processes seen stopped ${latencyMs.toFixed(2)} ms after the file was written`;
  } finally {
    witness.close();
  }
}

/** Waits until the agent has gone on by itself; it is asked, because no event tells. */
export async function awaitQuiet(stage: HostStage, { agent, withinMs }: StepOf<"await-quiet">): Promise<string> {
  const beganAt = performance.now();
  const { signal } = stage.options;
  for (;;) {
    const { state, pausedBy = null, reason } = await agentStatus(stage, agent);
    if (state !== "Paused" && pausedBy === null) return `${state} after ${seconds(beganAt)} s: ${reason}`;
    if (performance.now() - beganAt > withinMs) throw notInTime(`${agent} to go on by itself`, withinMs);
    await pauseFor(askEveryMs, undefined, { signal });
  }
}

function seconds(beganAt: number): string {
  return ((performance.now() - beganAt) / 1_000).toFixed(1);
}
