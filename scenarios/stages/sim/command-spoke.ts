import type { CommandAction, RemoteExecution } from "../../../protocol/federation.ts";
import { SpawnBehaviour } from "../../simulator/plan/spawn-behaviour.ts";
import { simulatedSpawn } from "../../simulator/world/spawn-behaviour.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import { ModelHub } from "./hub.ts";
import type { SimStage } from "./sim-stage.ts";

const spawn: CommandAction = { do: "spawn", spec: simulatedSpawn(SpawnBehaviour.parse({})) };

/** A hub comes to be, and the broker on the stage becomes its spoke. */
export function federate(stage: SimStage): string {
  stage.hub = new ModelHub(stage, stage.nextHub());
  return stage.hub.connectionId;
}

/** The hub has its spoke start an agent, show what it started, or end it. */
export async function commandSpoke(stage: SimStage, { action, withinMs }: StepOf<"command-spoke">): Promise<string> {
  const hub = hubOf(stage);
  const { broker } = stage.simulation;
  const stateOf = (executionId: string) => broker.state?.executions.get(executionId)?.state ?? null;
  if (action === "spawn") {
    const command = hub.command(spawn);
    const [started] = granted(hub, command);
    const executionId = started?.execution.executionId ?? "";
    hub.spawns.push({ commandId: command.commandId, executionId });
    await stage.until(`${executionId} to run`, () => stateOf(executionId) === "running", withinMs);
    return `${executionId} runs at the spoke`;
  }
  if (action === "status") {
    const told = granted(hub, hub.command({ do: "status", of: null }));
    for (const { commandId, executionId } of hub.spawns) {
      const remote = told.find((one) => one.commandId === commandId)?.execution ?? null;
      const shown = broker.state?.executions.get(executionId) ?? null;
      stage.record("witness.remote", {
        ...{ commandId, executionId },
        hub: remote === null ? null : { state: remote.state, pid: remote.pid },
        spoke: shown === null ? null : { state: shown.state, pid: shown.process?.pid ?? null },
      });
    }
    return `${told.length} agents told of`;
  }
  for (const { commandId, executionId } of hub.spawns) {
    const of = { spawnCommandId: commandId };
    granted(hub, hub.command({ do: "kill", of, message: { reason: "scenario", now: false } }));
    // What was decided is in the history only when the store has it.
    const isTold = () => stateOf(executionId) === "killed" && broker.shown() !== null;
    await stage.until(`the end of ${executionId} at the spoke`, isTold, withinMs);
  }
  const { living } = broker.spawner;
  if (living > 0) {
    throw new StepError(`The agents have ended, and ${living} processes of theirs have not.`, {
      code: "agents-left",
      next: "The last events in the run directory's history.jsonl show which.",
    });
  }
  return `${hub.spawns.length} agents ended`;
}

/** As on the host: what somebody sends who listened on the line, and a second hub that is late or suspended. */
export function forgeCommands(stage: SimStage): string {
  const hub = hubOf(stage);
  const { broker } = stage.simulation;
  const { commandId, executionId } = hub.spawns[0] ?? { commandId: "", executionId: "" };
  const kill: CommandAction = { do: "kill", of: { executionId }, message: { reason: "forged", now: true } };
  const first = hub.command(spawn, { commandId, nonce: hub.firstNonce });
  const codes: string[] = [];
  const send = (from: ModelHub, truth: Parameters<ModelHub["send"]>[0], command = first): void => {
    const response = from.send(truth, command);
    codes.push(response === undefined ? "no-broker" : response.ok ? "ok" : response.code);
  };
  send(hub, "replayed");
  for (const action of [spawn, kill]) {
    send(hub, "forged", hub.command(action));
    send(hub, "unknown", hub.command(action, { connectionId: "conn-9999999999999999" }));
  }
  const second = new ModelHub(stage, stage.nextHub());
  const { signatureWindowMs } = stage.options.timing;
  for (const action of [spawn, kill]) {
    const issuedAt = (broker.wallMs ?? 0) - signatureWindowMs - 1_000;
    send(second, "stale", second.command(action, { issuedAt, expiresAt: issuedAt + signatureWindowMs }));
  }
  broker.ask({ type: "set-connection", connectionId: second.connectionId, to: "suspended" });
  send(second, "suspended", second.command(spawn));
  return `${codes.length} refused: ${[...new Set(codes)].join(", ")}`;
}

function hubOf({ hub }: SimStage): ModelHub {
  if (hub === undefined) throw unknownName("hub", "hub");
  return hub;
}

function granted(hub: ModelHub, command: Parameters<ModelHub["send"]>[1]): readonly RemoteExecution[] {
  const response = hub.send("genuine", command);
  if (response?.ok === true) return response.answer.executions;
  throw new StepError(`The spoke refused its hub's command: ${response?.code ?? "it is down"}.`, {
    code: "refused",
    next: "The last events in the run directory's history.jsonl show why.",
  });
}
