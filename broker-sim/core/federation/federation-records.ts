import * as z from "zod";

import { ConnectionId, RemoteView, connectionStates } from "../../../protocol/federation.ts";
import { Problem } from "../../../protocol/messages.ts";
import { Digest, ExecutionId, PublicKey, WallMs } from "../../../protocol/identifiers.ts";

/** A connection to another broker, as the stores keep it. */
export const ConnectionRecord = z.strictObject({
  kind: z.literal("connection"),
  connectionId: ConnectionId,
  /** What this broker is in it. */
  side: z.enum(["hub", "spoke"]),
  name: z.string(),
  state: z.enum(connectionStates),
  /** Null until it is known. */
  peerKey: PublicKey.nullable(),
  /** The hub's way to its spoke; null at the spoke. */
  peerUrl: z.string().nullable(),
  /** SHA-256 of the invitation's secret, at the spoke. */
  secretDigest: Digest.nullable(),
  invitedUntil: WallMs.nullable(),
  createdAt: WallMs,
  changedAt: WallMs,
  /** No command that was issued by then is taken: those that were are forgotten. */
  issuedFloor: WallMs,
});
export type ConnectionRecord = z.infer<typeof ConnectionRecord>;

/** A command that a spoke has carried out, or must never carry out. */
export const CommandRecord = z.strictObject({
  kind: z.literal("command"),
  connectionId: ConnectionId,
  commandId: z.uuid(),
  /** SHA-256 of the action; null for one that was cancelled before it came. */
  actionDigest: Digest.nullable(),
  /** Of every try that was taken. */
  nonces: z.array(z.string()),
  /** What it started. */
  executionId: ExecutionId.nullable(),
  /** Why it was not carried out: it will not be when it comes again either. */
  refused: z.strictObject({ code: Problem.shape.code, message: z.string() }).nullable(),
  issuedAt: WallMs,
  forgetAt: WallMs,
});
export type CommandRecord = z.infer<typeof CommandRecord>;

/** What a hub knows of an agent that it has had started. */
export const RemoteRecord = RemoteView.extend({ kind: z.literal("remote") });
export type RemoteRecord = z.infer<typeof RemoteRecord>;

export const FederationRecord = z.discriminatedUnion("kind", [ConnectionRecord, CommandRecord, RemoteRecord]);
export type FederationRecord = z.infer<typeof FederationRecord>;

/** Under which a store keeps it. */
export function keyOfRecord(record: FederationRecord): string {
  return record.kind === "connection"
    ? `connection/${record.connectionId}`
    : `${record.kind}/${record.connectionId}/${record.commandId}`;
}

/** Everything that a broker knows of others; the commands in the order in which they came. */
export interface FederationState {
  readonly connections: Map<string, ConnectionRecord>;
  readonly commands: Map<string, CommandRecord>;
  readonly remotes: Map<string, RemoteRecord>;
}

export function startFederation(stored: readonly FederationRecord[]): FederationState {
  const state: FederationState = { connections: new Map(), commands: new Map(), remotes: new Map() };
  for (const record of stored) {
    if (record.kind === "connection") state.connections.set(record.connectionId, { ...record });
    else if (record.kind === "remote") state.remotes.set(record.commandId, { ...record });
  }
  const commands = stored.filter((record) => record.kind === "command").sort((a, b) => a.forgetAt - b.forgetAt);
  for (const command of commands) state.commands.set(keyOfRecord(command), { ...command });
  return state;
}
