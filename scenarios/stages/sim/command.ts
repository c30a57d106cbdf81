import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Has the broker command an agent, under a name that tells the command from every other one. */
export function command(stage: SimStage, step: StepOf<"command">): string {
  const { agentId } = stage.agent(step.agent).host;
  const number = stage.records.filter(({ type }) => type === "witness.command").length + 1;
  const message = { command: step.command, reason: `command #${number}` } as const;
  stage.record("witness.command", { agentId, by: "broker", ...message });
  const response = stage.simulation.broker.ask({ type: "command", agentId, message });
  if (response?.ok === true) return message.reason;
  throw new StepError(`The broker does not take the command: ${response?.code ?? "it is down"}.`, {
    code: "refused",
    next: "The last events in the run directory's history.jsonl show why.",
  });
}
