import { modelled } from "../../jobs/behaviours.ts";
import type { StepOf } from "../../steps/step.ts";
import { notInTime } from "../../steps/wait-error.ts";
import type { SimStage } from "./sim-stage.ts";

/** As on the host. */
const lookEveryMs = 25;

/** Waits until so many jobs on the agent's modelled host misbehave, and puts it into the history. */
export async function awaitMisbehaviour(stage: SimStage, step: StepOf<"await-misbehaviour">): Promise<string> {
  const { agent, behaviour, withinMs } = step;
  const { host } = stage.agent(agent);
  const traits = Object.entries(modelled[behaviour] ?? {});
  const deadlineMs = stage.nowMs + withinMs;
  for (;;) {
    const misbehaving = [...host.sandboxes.values()].filter(
      (one) =>
        one.processes > 0 &&
        traits.every(([name, value]) => Object.entries(one.behaviour).some(([of, is]) => of === name && is === value)),
    );
    if (misbehaving.length >= step.jobs) {
      const processes = misbehaving.reduce((sum, sandbox) => sum + sandbox.processes, 0);
      const seen = { jobs: misbehaving.length, processes, detail: "the model has them do so" };
      stage.watched.set(agent, (stage.watched.get(agent) ?? 0) + misbehaving.length);
      stage.record("witness.misbehaviour", { agentId: host.agentId, behaviour, ...seen });
      return `${seen.jobs} jobs in ${seen.processes} processes`;
    }
    if (stage.nowMs > deadlineMs) throw notInTime(`${step.jobs} jobs of ${agent} with ${behaviour}`, withinMs);
    await stage.pass(lookEveryMs);
  }
}
