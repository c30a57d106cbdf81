import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

import type { StepOf } from "../../steps/step.ts";
import { notInTime } from "../../steps/wait-error.ts";
import type { HostStage } from "./host-stage.ts";
import { looks, workspacesOf } from "./see-misbehaviour.ts";

/** Until it finds this in its workspace, a job waits that would otherwise come to its end before anybody sees it. */
const seenFile = "seen";

/** No event of the host's announces what a job does: it is looked for this often. */
const lookEveryMs = 25;

/** Waits until so many jobs of the agent are seen misbehaving, and puts into the history by what. */
export async function awaitMisbehaviour(stage: HostStage, step: StepOf<"await-misbehaviour">): Promise<string> {
  const { agent, behaviour, withinMs } = step;
  const { history, signal } = stage.options;
  const { agentId } = stage.agent(agent);
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await looks[behaviour](stage, agent);
    if (seen.jobs >= step.jobs) {
      tellSeen(stage.agent(agent));
      history.record("witness.misbehaviour", { agentId, behaviour, ...seen });
      return `${seen.jobs} jobs in ${seen.processes} processes: ${seen.detail}`;
    }
    if (performance.now() > deadline) throw notInTime(`${step.jobs} jobs of ${agent} with ${behaviour}`, withinMs);
    await pauseFor(lookEveryMs, undefined, { signal });
  }
}

function tellSeen(agent: { readonly home: string }): void {
  for (const { workspace } of workspacesOf(agent)) {
    try {
      writeFileSync(join(workspace, seenFile), "");
    } catch {
      // It has ended, and its workspace is gone.
    }
  }
}
