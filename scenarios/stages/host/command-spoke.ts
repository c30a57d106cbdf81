import type { RemoteView } from "../../../protocol/federation.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import type { HostStage } from "./host-stage.ts";
import { witnessEnd } from "./killswitch.ts";
import { operatorOf, stateOf, watchBegin } from "./spawn-agents.ts";

/** The hub's operator has the spoke start an agent, show what it started, or end it. */
export async function commandSpoke(stage: HostStage, step: StepOf<"command-spoke">): Promise<string> {
  switch (step.action) {
    case "spawn":
      return await spawnThere(stage, step);
    case "status":
      return await askThere(stage);
    case "kill":
      return await killThere(stage, step);
  }
}

/** The hub on the stage. */
export function hubOf({ hub }: HostStage): NonNullable<HostStage["hub"]> {
  if (hub === undefined) throw unknownName("hub", "hub");
  return hub;
}

async function spawnThere(stage: HostStage, { withinMs }: StepOf<"command-spoke">): Promise<string> {
  const { history } = stage.options;
  const { client, connectionId, spawns } = hubOf(stage);
  const { commandId, execution } = startedIn(await client.spawnRemote(connectionId, { slots: 1, sandbox: "auto" }));
  history.record("witness.delivery", { commandId, action: "spawn", truth: "genuine", code: "ok" });
  spawns.push({ commandId, executionId: execution.executionId });
  await watchBegin(stage, execution.executionId, withinMs);
  return `${execution.executionId} runs at the spoke`;
}

/** Asks the spoke through the hub, and then the spoke itself. */
async function askThere(stage: HostStage): Promise<string> {
  const { client, connectionId, spawns } = hubOf(stage);
  const remotes = await client.remotes(connectionId);
  const executions = await operatorOf(stage).executions();
  for (const { commandId, executionId } of spawns) {
    const told = remotes.find((remote) => remote.commandId === commandId)?.execution ?? null;
    const shown = executions.find((execution) => execution.executionId === executionId) ?? null;
    stage.options.history.record("witness.remote", {
      ...{ commandId, executionId },
      hub: told === null ? null : { state: told.state, pid: told.pid },
      spoke: shown === null ? null : { state: shown.state, pid: shown.pid },
    });
  }
  return `${remotes.length} agents told of: ${remotes.map(({ execution }) => execution?.state ?? "nowhere").join(", ")}`;
}

async function killThere(stage: HostStage, { withinMs }: StepOf<"command-spoke">): Promise<string> {
  const { history, signal } = stage.options;
  const { client, connectionId, spawns } = hubOf(stage);
  const patience = { withinMs, signal };
  for (const { commandId, executionId } of spawns) {
    await client.killRemote(connectionId, commandId, { reason: "scenario", now: false });
    const isKilled = (): boolean => stateOf(stage, executionId) === "killed";
    await history.until(`the end of ${executionId} at the spoke`, isKilled, patience);
    witnessEnd(stage, executionId);
    // Nobody asks: the hub keeps up by itself.
    const isTold = (): boolean =>
      history.records.some(
        ({ type, data }) =>
          type === "broker.remote" && "commandId" in data && data.commandId === commandId && data.state === "killed",
      );
    await history.until(`the hub's word of the end of ${executionId}`, isTold, patience);
  }
  return `${spawns.length} agents ended, and the hub knows`;
}

function startedIn(remote: RemoteView): RemoteView & { execution: NonNullable<RemoteView["execution"]> } {
  const { execution, refused } = remote;
  if (execution !== null) return { ...remote, execution };
  throw new StepError(`The spoke started nothing for its hub: ${refused?.message ?? "it said nothing"}.`, {
    code: "refused",
    next: "The log of the spoke is logs/broker.log in the run directory.",
  });
}
