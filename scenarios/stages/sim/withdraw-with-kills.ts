import { WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import type { StepOf } from "../../steps/step.ts";
import { neverMs } from "../../simulator/never.ts";
import { ask } from "./owner.ts";
import type { SimStage } from "./sim-stage.ts";

const order = WithdrawalStep.shape.step.options;

/** Has the agent withdraw, kills it as each of the steps is in its journal, and starts it again, to the end. */
export async function withdrawWithKills(stage: SimStage, step: StepOf<"withdraw-with-kills">): Promise<string> {
  const member = stage.agent(step.agent);
  const { agentId } = member.host;
  const beganAtMs = stage.nowMs;
  const places: string[] = [];
  ask(stage, step.agent, { command: "withdraw", reason: "scenario", deadlineMs: step.deadlineMs });
  for (const at of step.at) {
    // It may pass a step with which nothing is to be done within a moment.
    const reached = () => member.body === null || order.indexOf(stepOf(stage, step.agent)) >= order.indexOf(at);
    await stage.until(`${step.agent} to come to ${at}`, reached, step.withinMs);
    const { body } = member;
    if (body === null) break;
    if (stepOf(stage, step.agent) !== at) continue;
    stage.record("fault.applied", { fault: "kill-agent", target: agentId, detail: `at ${at}`, subjects: [] });
    member.downMs = neverMs;
    body.kill({ afterEffects: 0, edge: "after" }, () => undefined);
    places.push(at);
    stage.record("fault.undone", { fault: "kill-agent", target: agentId });
    if (member.isInhabited) member.start();
  }
  await stage.until(`the end of ${step.agent}, which withdraws`, () => member.gone, step.withinMs);
  return `killed at ${places.join(", ")}; gone after ${((stage.nowMs - beganAtMs) / 1_000).toFixed(1)} s`;
}

/** Of a withdrawal that has not begun it is the first. */
function stepOf(stage: SimStage, name: string): (typeof order)[number] {
  return stage.agent(name).body?.core.withdrawal?.record.current ?? "stop-intake";
}
