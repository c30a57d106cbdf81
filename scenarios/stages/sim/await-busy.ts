import type { StepOf } from "../../steps/step.ts";
import { notBusy } from "../../steps/wait-error.ts";
import type { SimStage } from "./sim-stage.ts";

/** A job says nothing when it gets on: it is looked at this often, in milliseconds. */
const lookEveryMs = 25;

/** Waits until so many sandboxes run at once and each has made progress. */
export async function awaitBusy(stage: SimStage, step: StepOf<"await-busy">): Promise<string> {
  const deadlineMs = stage.nowMs + step.withinMs;
  for (;;) {
    const working = workingSandboxes(stage, step.agent);
    if (working >= step.sandboxes) {
      stage.watched.set(step.agent, (stage.watched.get(step.agent) ?? 0) + working);
      return `${working} sandboxes at work`;
    }
    if (stage.nowMs > deadlineMs) throw notBusy(step, working);
    await stage.pass(lookEveryMs);
  }
}

function workingSandboxes(stage: SimStage, name: string): number {
  const { body, host } = stage.agent(name);
  if (body === null) return 0;
  const running = Object.values(body.core.leases).filter((lease) => lease.execution === "running");
  return running.filter(({ leaseId }) => host.workspaceProgress(leaseId) > 0).length;
}
