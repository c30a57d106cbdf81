import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/**
 * Leaves a paused agent alone for a while. Whether anything of it runs is watched by the modelled host from the pause
 * to the resume, and told then (`witness.frozen`).
 */
export async function watchFrozen(stage: SimStage, step: StepOf<"watch-frozen">): Promise<string> {
  const { host } = stage.agent(step.agent);
  await stage.pass(step.forMs);
  const sandboxes = [...host.sandboxes.values()];
  const processes = sandboxes.reduce((sum, sandbox) => sum + sandbox.processes, 0);
  const stopped = sandboxes.reduce((sum, sandbox) => sum + (sandbox.isStopped ? sandbox.processes : 0), 0);
  return `${stopped} of ${processes} processes stand still`;
}
