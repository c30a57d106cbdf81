import { assert } from "../../../foundation/assert.ts";
import { type ConnectionState, type ConnectionView, connectionSuccessors } from "../../../protocol/federation.ts";
import { brokerLimits } from "../broker-limits.ts";
import { type BrokerInput, type BrokerResponse, refuse } from "../inputs.ts";
import { type Turn, persistFederation, record } from "../turn.ts";
import type { ConnectionRecord } from "./federation-records.ts";

export function connectionView(connection: ConnectionRecord): ConnectionView {
  const { connectionId, side, name, state, peerUrl, createdAt, changedAt } = connection;
  return { connectionId, side, name, state, peerUrl, createdAt, changedAt };
}

/** A spoke expects a hub that knows the secret. */
export function invite(turn: Turn, input: BrokerInput<"invite">): BrokerResponse<"invite"> {
  const { connectionId, name, secretDigest, invitedUntil } = input;
  const known = { peerKey: null, peerUrl: null, secretDigest, invitedUntil };
  return add(turn, { connectionId, side: "spoke", name, ...known }, "pending");
}

/** A hub brings its key and the secret, which is good once; asked again by the same, the answer is the same. */
export function join(turn: Turn, input: BrokerInput<"join">): BrokerResponse<"join"> {
  const { connectionId, secretDigest, hubKey, hubName, isVerified, issuedAt } = input;
  const connection = turn.state.federation.connections.get(connectionId);
  if (connection?.side !== "spoke" || connection.secretDigest !== secretDigest) {
    return refuse("unknown-connection", "There is no such invitation.");
  }
  if (!isVerified) return refuse("bad-signature", "The envelope is not signed with the key that it brings.");
  if (Math.abs(turn.nowMs - issuedAt) > turn.state.timing.signatureWindowMs) {
    return refuse("stale-command", "It was signed too long ago, or the clocks of the two brokers differ too much.");
  }
  if (connection.state === "active" && connection.peerKey === hubKey) {
    return { ok: true, answer: connectionView(connection) };
  }
  if (connection.state !== "pending") return refuse("invitation-used", "The invitation was used, or taken back.");
  if ((connection.invitedUntil ?? 0) < turn.nowMs) return refuse("invitation-used", "The invitation is over.");
  connection.peerKey = hubKey;
  connection.name = hubName;
  move(turn, connection, "active");
  return { ok: true, answer: connectionView(connection) };
}

/** A hub was let in by a spoke. */
export function joined(turn: Turn, input: BrokerInput<"joined">): BrokerResponse<"joined"> {
  const { connectionId, name, peerKey, peerUrl } = input;
  const connection = turn.state.federation.connections.get(connectionId);
  if (connection !== undefined) {
    const isSame = connection.side === "hub" && connection.peerKey === peerKey && connection.state === "active";
    if (isSame) return { ok: true, answer: connectionView(connection) };
    return refuse("invitation-used", `There is a connection ${connectionId} already.`);
  }
  const known = { peerKey, peerUrl, secretDigest: null, invitedUntil: null };
  return add(turn, { connectionId, side: "hub", name, ...known }, "active");
}

/** The operator suspends a connection, lets it go on, or ends it for good. */
export function setConnection(turn: Turn, input: BrokerInput<"set-connection">): BrokerResponse<"set-connection"> {
  const { connectionId, to } = input;
  const connection = turn.state.federation.connections.get(connectionId);
  if (connection === undefined) return refuse("unknown-connection", `This broker has no connection ${connectionId}.`);
  if (connection.state === to) return { ok: true, answer: connectionView(connection) };
  // Only a hub that comes makes a pending one active.
  if (!connectionSuccessors[connection.state].includes(to) || (connection.peerKey === null && to === "active")) {
    return refuse("connection-state", `A connection that is ${connection.state} cannot become ${to}.`);
  }
  move(turn, connection, to);
  return { ok: true, answer: connectionView(connection) };
}

type New = Pick<
  ConnectionRecord,
  "connectionId" | "side" | "name" | "peerKey" | "peerUrl" | "secretDigest" | "invitedUntil"
>;

function add(
  turn: Turn,
  known: New,
  state: ConnectionState,
): { readonly ok: true; readonly answer: ConnectionView } | ReturnType<typeof refuse> {
  const { connections } = turn.state.federation;
  assert(!connections.has(known.connectionId), "a connection's id is new");
  if (connections.size >= brokerLimits.connectionsMax) {
    return refuse("full", `${connections.size} connections are known, which is the limit.`);
  }
  const times = { createdAt: turn.nowMs, changedAt: turn.nowMs, issuedFloor: 0 };
  const connection: ConnectionRecord = { kind: "connection", ...known, state, ...times };
  connections.set(known.connectionId, connection);
  persistFederation(turn, connection);
  record(turn, "broker.connection", { connectionId: known.connectionId, side: known.side, from: null, to: state });
  return { ok: true, answer: connectionView(connection) };
}

function move(turn: Turn, connection: ConnectionRecord, to: ConnectionState): void {
  const { connectionId, side, state: from } = connection;
  assert(connectionSuccessors[from].includes(to), `a connection goes from ${from} to ${to}`);
  connection.state = to;
  // What was refused meanwhile is not taken now because somebody sends it once more.
  if (from === "suspended" && to === "active") connection.issuedFloor = Math.max(connection.issuedFloor, turn.nowMs);
  connection.changedAt = turn.nowMs;
  persistFederation(turn, connection);
  record(turn, "broker.connection", { connectionId, side, from, to });
}
