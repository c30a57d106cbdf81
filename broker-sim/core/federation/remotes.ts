import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { brokerLimits } from "../broker-limits.ts";
import { type BrokerInput, type BrokerResponse, acknowledged, refuse } from "../inputs.ts";
import { type Turn, forgetFederation, persistFederation, record } from "../turn.ts";
import { type RemoteRecord, keyOfRecord } from "./federation-records.ts";

/** A hub is about to have an agent started: written down first, so that a hub that is killed meanwhile asks again. */
export function remoteAsked(turn: Turn, input: BrokerInput<"remote-asked">): BrokerResponse<"remote-asked"> {
  const { connections, remotes } = turn.state.federation;
  const { connectionId, commandId, spec } = input;
  const connection = connections.get(connectionId);
  if (connection?.side !== "hub") return refuse("unknown-connection", `This broker has no spoke ${connectionId}.`);
  if (connection.state !== "active") {
    return refuse("connection-inactive", `The connection ${connectionId} is ${connection.state}.`);
  }
  while (remotes.size >= brokerLimits.remotesMax) {
    const over = [...remotes.values()].find(isOver);
    if (over === undefined) return refuse("full", `${remotes.size} agents were started at spokes, which is the limit.`);
    remotes.delete(over.commandId);
    forgetFederation(turn, keyOfRecord(over));
  }
  const known = { connectionId, commandId, spec, askedAt: turn.nowMs };
  const remote: RemoteRecord = { kind: "remote", ...known, execution: null, refused: null };
  remotes.set(commandId, remote);
  persistFederation(turn, remote);
  return acknowledged;
}

/** What a spoke told of it: later word stands, but nothing follows an end. */
export function remoteTold(turn: Turn, input: BrokerInput<"remote-told">): BrokerResponse<"remote-told"> {
  const { commandId, execution, refused } = input;
  const remote = turn.state.federation.remotes.get(commandId);
  if (remote === undefined) return acknowledged;
  const before = remote.execution?.state ?? null;
  if (before !== null && isTerminalExecution(before)) return acknowledged;
  if (execution === null) {
    // It runs, whatever a refusal that nobody has signed says.
    if (remote.execution !== null || refused === null) return acknowledged;
    remote.refused = refused;
  } else {
    if (before === execution.state && remote.refused === null) return acknowledged;
    remote.execution = execution;
    remote.refused = null;
  }
  persistFederation(turn, remote);
  const { connectionId } = remote;
  const state = execution?.state ?? "refused";
  record(turn, "broker.remote", { connectionId, commandId, executionId: execution?.executionId ?? null, state });
  return acknowledged;
}

export function isOver({ execution, refused }: RemoteRecord): boolean {
  return execution === null ? refused !== null : isTerminalExecution(execution.state);
}
