import { present } from "../../../foundation/assert.ts";
import { sometimes } from "../../../foundation/sometimes.ts";
import type { CommandAction, RemoteExecution } from "../../../protocol/federation.ts";
import { brokerLimits } from "../broker-limits.ts";
import type { ExecutionRecord } from "../executions/execution-record.ts";
import { executionView } from "../executions/execution-views.ts";
import { kill, spawn } from "../executions/spawn-and-kill.ts";
import { type BrokerInput, type BrokerResponse, type Refusal, refuse } from "../inputs.ts";
import { type Turn, forgetFederation, persistFederation, record } from "../turn.ts";
import { type CommandRecord, type ConnectionRecord, keyOfRecord } from "./federation-records.ts";

type Delivery = BrokerInput<"federated">;
type Target = { readonly executionId: string } | { readonly spawnCommandId: string };

/**
 * Carries out a command of a hub, once: whoever asks again under the same id hears how things are. A refusal has
 * changed nothing (I10; FE-2). The order of the questions matters: a stranger learns no more than that it is one.
 */
export function federated(turn: Turn, input: Delivery): BrokerResponse<"federated"> {
  const { connections } = turn.state.federation;
  const { connectionId, commandId, action } = input.command;
  const connection = connections.get(connectionId);
  if (connection?.side !== "spoke" || connection.peerKey === null) {
    return refuse("unknown-connection", "This broker takes no commands over such a connection.");
  }
  const wrong = notTaken(turn, connection, input);
  if (wrong !== null) return wrong;
  const before = turn.state.federation.commands.get(`command/${connectionId}/${commandId}`);
  const response = before === undefined ? first(turn, connection, input) : again(turn, before, input);
  if (response.ok) {
    const executionIds = response.answer.executions.map(({ execution }) => execution.executionId);
    const how = before === undefined ? "executed" : "repeated";
    record(turn, "broker.command", { connectionId, commandId, action: action.do, how, executionIds });
  }
  return response;
}

/** Whether it comes from the hub itself, now. */
function notTaken(turn: Turn, connection: ConnectionRecord, { isVerified, command }: Delivery): Refusal | null {
  const { signatureWindowMs } = turn.state.timing;
  const { issuedAt, expiresAt } = command;
  if (!isVerified) return refuse("bad-signature", "The command is not signed with the key of its connection.");
  if (connection.state !== "active") {
    return refuse("connection-inactive", `The connection ${connection.connectionId} is ${connection.state}.`);
  }
  if (Math.abs(turn.nowMs - issuedAt) > signatureWindowMs || issuedAt <= connection.issuedFloor) {
    return refuse("stale-command", "It was issued too long ago, or the clocks of the two brokers differ too much.");
  }
  if (expiresAt < turn.nowMs || expiresAt > issuedAt + signatureWindowMs) {
    return refuse("stale-command", "Its time is over, or longer than a command may have.");
  }
  return null;
}

function first(turn: Turn, connection: ConnectionRecord, input: Delivery): BrokerResponse<"federated"> {
  const { connectionId } = connection;
  forgetOld(turn);
  const { commands } = turn.state.federation;
  // Room for a cancellation beside it.
  if (commands.size + 2 > brokerLimits.commandsMax) {
    return refuse("full", `${commands.size} commands are remembered, which is the limit; ask again later.`);
  }
  const { command, actionDigest } = input;
  const done = carryOut(turn, connectionId, command);
  const known = { connectionId, commandId: command.commandId, actionDigest };
  if (!done.ok) {
    // What its hub has given up must not happen because somebody sends it once more.
    const { code, message } = done;
    remember(turn, input, { ...known, executionId: null, refused: { code, message } });
    return done;
  }
  remember(turn, input, { ...known, executionId: done.executionId, refused: null });
  return { ok: true, answer: { executions: done.executions } };
}

/** The same command again: an envelope that was seen is a replay, a new one is the hub that heard no answer. */
function again(turn: Turn, before: CommandRecord, { command, actionDigest }: Delivery): BrokerResponse<"federated"> {
  if (before.nonces.includes(command.nonce)) {
    sometimes("a command was replayed");
    return refuse("replayed", "This envelope was taken before.");
  }
  if (before.actionDigest === null) {
    sometimes("a kill overtook its spawn");
    return refuse("command-cancelled", "It was to be ended before it came, and is not carried out.");
  }
  if (before.actionDigest !== actionDigest) {
    return refuse("command-reused", "Another command was sent under this id.");
  }
  if (before.nonces.length >= brokerLimits.commandTriesMax) {
    return refuse("full", `It was sent ${before.nonces.length} times, which is the limit.`);
  }
  sometimes("a command was repeated and answered alike");
  before.nonces.push(command.nonce);
  persistFederation(turn, before);
  if (before.refused !== null) return refuse(before.refused.code, before.refused.message);
  const { action } = command;
  const { connectionId } = before;
  if (action.do === "spawn") {
    const execution = turn.state.executions.get(present(before.executionId, "a spawn has started something"));
    if (execution === undefined) return refuse("unknown-execution", "What it started is forgotten.");
    return { ok: true, answer: { executions: remoteOf([execution]) } };
  }
  const target = action.of;
  if (target === null) return { ok: true, answer: { executions: remoteOf(startedOver(turn, connectionId)) } };
  const execution = find(turn, connectionId, target);
  return { ok: true, answer: { executions: execution === undefined ? [] : remoteOf([execution]) } };
}

type Done =
  | { readonly ok: true; readonly executionId: string | null; readonly executions: RemoteExecution[] }
  | Refusal;

function carryOut(turn: Turn, connectionId: string, { commandId, action }: Delivery["command"]): Done {
  if (action.do === "spawn") {
    const response = spawn(turn, { type: "spawn", spec: action.spec, origin: { connectionId, commandId } });
    if (!response.ok) return response;
    const { answer: execution } = response;
    return { ok: true, executionId: execution.executionId, executions: [{ commandId, execution }] };
  }
  if (action.do === "status" && action.of === null) {
    return { ok: true, executionId: null, executions: remoteOf(startedOver(turn, connectionId)) };
  }
  return ofOne(turn, connectionId, action);
}

/** What a hub has not started itself it neither sees nor ends. */
function ofOne(turn: Turn, connectionId: string, action: Exclude<CommandAction, { do: "spawn" }>): Done {
  const target = action.of as Target;
  const execution = find(turn, connectionId, target);
  if (execution === undefined) {
    const overtakes = action.do === "kill" && "spawnCommandId" in target;
    if (!overtakes) return refuse("unknown-execution", "This hub has started no such execution here.");
    cancel(turn, connectionId, target.spawnCommandId);
    return { ok: true, executionId: null, executions: [] };
  }
  if (action.do === "kill") {
    const response = kill(turn, { type: "kill", executionId: execution.executionId, message: action.message });
    if (!response.ok) return response;
  }
  return { ok: true, executionId: null, executions: remoteOf([execution]) };
}

/** Remembered like a command that was carried out, so that it never will be. */
function cancel(turn: Turn, connectionId: string, commandId: string): void {
  if (turn.state.federation.commands.has(`command/${connectionId}/${commandId}`)) return;
  put(turn, { connectionId, commandId, actionDigest: null, executionId: null, refused: null, nonces: [], issuedAt: 0 });
}

function remember(
  turn: Turn,
  { command: { nonce, issuedAt } }: Delivery,
  known: Pick<CommandRecord, "connectionId" | "commandId" | "actionDigest" | "executionId" | "refused">,
): void {
  put(turn, { ...known, nonces: [nonce], issuedAt });
}

function put(turn: Turn, known: Omit<CommandRecord, "kind" | "forgetAt">): void {
  // By then whatever was issued with it is stale, whoever's clock is ahead.
  const forgetAt = turn.nowMs + 3 * turn.state.timing.signatureWindowMs;
  const command: CommandRecord = { kind: "command", ...known, forgetAt };
  turn.state.federation.commands.set(keyOfRecord(command), command);
  persistFederation(turn, command);
}

/** Those that came first are forgotten first, and nothing that is as old is taken any more. */
function forgetOld(turn: Turn): void {
  const { commands, connections } = turn.state.federation;
  for (const [key, command] of commands) {
    if (command.forgetAt > turn.nowMs) return;
    commands.delete(key);
    forgetFederation(turn, key);
    const of = present(connections.get(command.connectionId), "a connection is never forgotten");
    if (command.issuedAt <= of.issuedFloor) continue;
    of.issuedFloor = command.issuedAt;
    persistFederation(turn, of);
  }
}

function find(turn: Turn, connectionId: string, target: Target): ExecutionRecord | undefined {
  return startedOver(turn, connectionId).find(({ executionId, origin }) =>
    "executionId" in target ? executionId === target.executionId : origin?.commandId === target.spawnCommandId,
  );
}

function startedOver(turn: Turn, connectionId: string): ExecutionRecord[] {
  return [...turn.state.executions.values()].filter(({ origin }) => origin?.connectionId === connectionId);
}

function remoteOf(executions: readonly ExecutionRecord[]): RemoteExecution[] {
  return executions.map((execution) => {
    const { commandId } = present(execution.origin, "a hub's execution has its command");
    return { commandId, execution: executionView(execution) };
  });
}
