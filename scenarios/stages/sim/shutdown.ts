import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { neverMs } from "../../simulator/never.ts";
import type { SimStage } from "./sim-stage.ts";

/** Has the agent's process end, by a signal or by the broker, and looks whether a job outlived it. */
export async function shutdown(stage: SimStage, { agent: name, by, withinMs }: StepOf<"shutdown">): Promise<string> {
  const member = stage.agent(name);
  const { agentId } = member.host;
  const instance = member.body;
  const beganAtMs = stage.nowMs;
  member.downMs = neverMs;
  if (by === "goodbye") {
    const message = { command: "goodbye", reason: "scenario" } as const;
    stage.record("witness.command", { agentId, by: "broker", ...message });
    stage.simulation.broker.ask({ type: "command", agentId, message });
  } else instance?.signal(by);
  await stage.until(`the end of ${name}'s process after ${by}`, () => member.body === null, withinMs);
  const left = [...member.host.sandboxes.values()].reduce((sum, { processes }) => sum + processes, 0);
  if (left > 0) {
    throw new StepError(`${name} has ended, and ${left} processes of its jobs have not.`, {
      code: "jobs-left",
      next: "The last events in the run directory's history.jsonl show which.",
    });
  }
  return `ended after ${((stage.nowMs - beganAtMs) / 1000).toFixed(2)} s, and no job's process is left`;
}

/** Starts the agent again in its home; its instance is a new one, and its key the same. */
export async function restart(stage: SimStage, { agent: name, withinMs }: StepOf<"restart">): Promise<string> {
  const member = stage.agent(name);
  member.start();
  const isThere = () => member.body !== null && member.body.core.agent !== "Enrolling";
  await stage.until(`${name} to be there again`, isThere, withinMs);
  if (stage.killed.delete(name)) {
    stage.record("fault.undone", { fault: "kill-agent", target: member.host.agentId });
  }
  return `instance ${member.body?.instanceId.slice(-4)}`;
}
