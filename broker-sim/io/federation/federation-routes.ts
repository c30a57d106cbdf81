import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import { KillRequest, SpawnSpec } from "../../../protocol/executions.ts";
import {
  AcceptInvitationRequest,
  CommandPayload,
  ConnectionId,
  ConnectionList,
  ConnectionStateRequest,
  ConnectionView,
  Envelope,
  InviteRequest,
  InviteResponse,
  JoinPayload,
  RemoteList,
  RemoteView,
  payloadTypes,
} from "../../../protocol/federation.ts";
import { routes } from "../../../protocol/routes.ts";
import { connectionView } from "../../core/federation/connections.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import type { BrokerService } from "../broker-service.ts";
import { digestOf, isSealedBy, open, seal } from "./envelopes.ts";
import { type Federation, viewOf } from "./federation.ts";
import { requireOperator } from "../security/operator-token.ts";
import { ProblemError, answerOf, problemOf } from "../problems.ts";
import type { RateLimits } from "../security/rate-limits.ts";

interface Parts {
  readonly service: BrokerService;
  readonly federation: Federation;
  readonly record: RecordEvent;
  readonly limits: RateLimits;
}

/** What a hub calls at its spoke. Whatever comes is counted by its address before a byte of its body is read. */
export function registerSpokeRoutes(plain: FastifyInstance, { service, federation, record, limits }: Parts): void {
  plain.addHook("onRequest", async (request) => await limits.ofHubs(request));
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const bodyLimit = brokerLimits.envelopeBytesMax;
  const schema = { body: Envelope, response: { 200: Envelope } };

  app.post(routes.federationJoin, { schema, bodyLimit }, async ({ body: envelope }) => {
    const payload = open(envelope, JoinPayload);
    if (payload === null) throw new ProblemError("bad-request", "The envelope holds no request to join.");
    const { secret, ...rest } = payload;
    const isVerified = isSealedBy(envelope, { type: payloadTypes.join, key: payload.hubKey });
    answerOf(await service.handle({ type: "join", ...rest, secretDigest: digestOf(secret), isVerified }));
    const { connectionId, hubKey } = payload;
    return seal(payloadTypes.joined, { connectionId, hubKey }, federation.key);
  });

  app.post(
    routes.federationCommands,
    {
      schema,
      bodyLimit,
      // Whatever is refused here is told by its reason, so that it can be counted (FE-2).
      onError: async (request, _reply, error) => {
        const { connectionId, commandId } = namesIn(request.body);
        record("broker.command-refused", { connectionId, commandId, code: problemOf(error).code });
      },
    },
    async ({ body: envelope }) => {
      const command = open(envelope, CommandPayload);
      if (command === null) throw new ProblemError("bad-request", "The envelope holds no command.");
      const { connectionId, commandId, correlationId, nonce, action } = command;
      const key = service.state.federation.connections.get(connectionId)?.peerKey ?? "";
      const isVerified = isSealedBy(envelope, { type: payloadTypes.command, key });
      const actionDigest = digestOf(JSON.stringify(action));
      const decided = await service.handle({ type: "federated", command, actionDigest, isVerified });
      const { executions } = answerOf(decided);
      const result = { type: "RESULT", connectionId, commandId, correlationId, nonce, executions };
      return seal(payloadTypes.result, result, federation.key);
    },
  );
}

/** What the operator of a hub, or of a spoke, calls at the own broker. */
export function registerFederationRoutes(
  plain: FastifyInstance,
  { service, federation, operatorToken }: Pick<Parts, "service" | "federation"> & { readonly operatorToken: string },
): void {
  requireOperator(plain, operatorToken);
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const params = z.object({ connectionId: ConnectionId });
  const connectionsOf = () => [...service.state.federation.connections.values()].map(connectionView);

  app.post(
    routes.connections,
    { schema: { body: InviteRequest, response: { 200: InviteResponse } } },
    async ({ body: { name, url, validMs } }) => federation.invite({ name, url, validMs }),
  );
  app.get(routes.connections, { schema: { response: { 200: ConnectionList } } }, async () => {
    await service.settled();
    return { connections: connectionsOf() };
  });
  app.post(
    routes.acceptInvitation,
    { schema: { body: AcceptInvitationRequest, response: { 200: ConnectionView } } },
    async ({ body }) => federation.accept(body),
  );
  app.post(
    routes.connectionState(":connectionId"),
    { schema: { params, body: ConnectionStateRequest, response: { 200: ConnectionView } } },
    async ({ params: { connectionId }, body: { state: to } }) =>
      answerOf(await service.handle({ type: "set-connection", connectionId, to })),
  );
  app.post(
    routes.remotes(":connectionId"),
    { schema: { params, body: SpawnSpec, response: { 200: RemoteView } } },
    async ({ params: { connectionId }, body }) => federation.spawn(connectionId, body),
  );
  app.get(
    routes.remotes(":connectionId"),
    { schema: { params, response: { 200: RemoteList } } },
    async ({ params: { connectionId } }) => ({ remotes: await federation.status(connectionId) }),
  );
  app.post(
    routes.remoteKill(":connectionId", ":commandId"),
    { schema: { params: params.extend({ commandId: z.uuid() }), body: KillRequest, response: { 200: RemoteView } } },
    async ({ params: { connectionId, commandId }, body: message }) =>
      federation.kill(connectionId, { commandId, message }),
  );
  app.get(routes.allRemotes, { schema: { response: { 200: RemoteList } } }, async () => {
    await service.settled();
    return { remotes: [...service.state.federation.remotes.values()].map(viewOf) };
  });
}

/** As far as it can be read; it may be anything. */
function namesIn(body: unknown): { connectionId: string; commandId: string } {
  const envelope = Envelope.safeParse(body);
  const named = z.object({ connectionId: z.string().max(100), commandId: z.string().max(100) });
  const names = envelope.success ? open(envelope.data, named) : null;
  return names ?? { connectionId: "", commandId: "" };
}
