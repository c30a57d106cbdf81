import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** Has the broker command an agent, under a name that tells the command from every other one. */
export async function command(stage: HostStage, step: StepOf<"command">): Promise<string> {
  const { agentId } = stage.agent(step.agent);
  const { history } = stage.options;
  const number = history.records.filter(({ type }) => type === "witness.command").length + 1;
  const message = { command: step.command, reason: `command #${number}` } as const;
  history.record("witness.command", { agentId, by: "broker", ...message });
  await stage.running.operator.command(agentId, message);
  return message.reason;
}
