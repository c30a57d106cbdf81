import * as z from "zod";

import { ExecutionView, KillRequest, SpawnSpec } from "./executions.ts";
import { ExecutionId, PublicKey, WallMs } from "./identifiers.ts";

/**
 * Two brokers that are federated: the hub sends commands, the spoke starts, shows and ends agents on its host for it
 * (docs/requirements.md, FE-1 to FE-4). Whatever crosses is a DSSE envelope (https://github.com/secure-systems-lab/dsse,
 * v1.0.2) over the exact bytes of its payload, with one Ed25519 signature.
 */

/** Names a connection on both sides. */
export const ConnectionId = z.string().regex(/^conn-[0-9a-z]{16}$/);
export type ConnectionId = z.infer<typeof ConnectionId>;

/**
 * `pending`: invited, and nobody has come. `suspended`: its commands are refused until it is active again. `revoked` is
 * for good.
 */
export const connectionStates = ["pending", "active", "suspended", "revoked"] as const;
export type ConnectionState = (typeof connectionStates)[number];
export const connectionSuccessors: Record<ConnectionState, readonly ConnectionState[]> = {
  pending: ["active", "revoked"],
  active: ["suspended", "revoked"],
  suspended: ["active", "revoked"],
  revoked: [],
};

const Secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const Url = z.url({ protocol: /^https?$/ }).max(500);

/** What a spoke's operator gives to a hub's, in one line; whoever has it becomes the hub, once. */
export const Invitation = z.strictObject({
  connectionId: ConnectionId,
  spokeUrl: Url,
  spokeKey: PublicKey,
  secret: Secret,
  expiresAt: WallMs,
});
export type Invitation = z.infer<typeof Invitation>;

/** `POST federation/join` at the spoke, in an envelope signed with the very key that it brings. */
export const JoinPayload = z.strictObject({
  connectionId: ConnectionId,
  secret: Secret,
  hubKey: PublicKey,
  hubName: z.string().min(1).max(200),
  issuedAt: WallMs,
});
export type JoinPayload = z.infer<typeof JoinPayload>;
/** Its answer, signed with the key of the invitation. */
export const JoinedPayload = z.strictObject({ connectionId: ConnectionId, hubKey: PublicKey });

/** An execution by its id, or by the command that asked for it: whoever heard no answer knows no id. */
const Target = z.union([z.strictObject({ executionId: ExecutionId }), z.strictObject({ spawnCommandId: z.uuid() })]);
export const CommandAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("spawn"), spec: SpawnSpec }),
  /** Of one, or of all that this hub has started there. */
  z.strictObject({ do: z.literal("status"), of: Target.nullable() }),
  /** One whose spawn has not arrived yet is never started (docs/cases.md, case 68). */
  z.strictObject({ do: z.literal("kill"), of: Target, message: KillRequest }),
]);
export type CommandAction = z.infer<typeof CommandAction>;

/** `POST federation/commands` at the spoke. */
export const CommandPayload = z.strictObject({
  type: z.literal("COMMAND"),
  connectionId: ConnectionId,
  /** The same for every try of one command: it is carried out once. */
  commandId: z.uuid(),
  /** Comes back in the result. */
  correlationId: z.uuid(),
  /** Another one for every try: an envelope that comes twice is a replay. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  issuedAt: WallMs,
  expiresAt: WallMs,
  action: CommandAction,
});
export type CommandPayload = z.infer<typeof CommandPayload>;

export const RemoteExecution = z.strictObject({ commandId: z.uuid(), execution: ExecutionView });
export type RemoteExecution = z.infer<typeof RemoteExecution>;

/** What came of a command; a refusal is a problem's body instead, which nobody has signed. */
export const ResultPayload = z.strictObject({
  type: z.literal("RESULT"),
  connectionId: ConnectionId,
  commandId: z.uuid(),
  correlationId: z.uuid(),
  /** The nonce of the try that it answers. */
  nonce: z.string(),
  executions: z.array(RemoteExecution),
});
export type ResultPayload = z.infer<typeof ResultPayload>;

export const payloadTypes = {
  join: "application/vnd.houseguest.federation-join+json",
  joined: "application/vnd.houseguest.federation-joined+json",
  command: "application/vnd.houseguest.federation-command+json",
  result: "application/vnd.houseguest.federation-result+json",
} as const;
export type PayloadType = (typeof payloadTypes)[keyof typeof payloadTypes];

const Base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const Envelope = z.strictObject({
  payloadType: z.enum(payloadTypes),
  payload: Base64.max(64 * 1024),
  /** One, of the sender's only key. */
  signatures: z.array(z.strictObject({ keyid: PublicKey, sig: Base64.length(88) })).length(1),
});
export type Envelope = z.infer<typeof Envelope>;

/** A connection as an operator is shown it. `side` is what this broker is in it. */
export const ConnectionView = z.strictObject({
  connectionId: ConnectionId,
  side: z.enum(["hub", "spoke"]),
  name: z.string(),
  state: z.enum(connectionStates),
  peerUrl: z.string().nullable(),
  createdAt: WallMs,
  changedAt: WallMs,
});
export type ConnectionView = z.infer<typeof ConnectionView>;
export const ConnectionList = z.strictObject({ connections: z.array(ConnectionView) });

/** `POST federation/connections`: invites a hub. */
export const InviteRequest = z.strictObject({
  name: z.string().min(1).max(200),
  /** Where the hub reaches this broker; by default where it listens. */
  url: Url.optional(),
  validMs: z
    .int()
    .min(1_000)
    .max(7 * 86_400_000)
    .default(3_600_000),
});
export const InviteResponse = z.strictObject({ connection: ConnectionView, invitation: z.string() });
/** `POST federation/accept` at the hub. */
export const AcceptInvitationRequest = z.strictObject({
  invitation: z.string().min(1).max(4_000),
  name: z.string().min(1).max(200),
});
/** `POST federation/connections/:connectionId/state`. */
export const ConnectionStateRequest = z.strictObject({ state: z.enum(["active", "suspended", "revoked"]) });

/** An agent that this hub has had started at a spoke. */
export const RemoteView = z.strictObject({
  connectionId: ConnectionId,
  commandId: z.uuid(),
  spec: SpawnSpec,
  askedAt: WallMs,
  /** As the spoke told last; null while nobody knows whether it was started. */
  execution: ExecutionView.nullable(),
  /** Why it was not. */
  refused: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});
export type RemoteView = z.infer<typeof RemoteView>;
export const RemoteList = z.strictObject({ remotes: z.array(RemoteView) });
