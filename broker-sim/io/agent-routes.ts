import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { present } from "../../foundation/assert.ts";
import { LeaseId } from "../../protocol/identifiers.ts";
import {
  AcceptRequest,
  AcceptResponse,
  Acknowledged,
  CompleteRequest,
  DeclineRequest,
  EnrolRequest,
  EnrolResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  PausedRequest,
  ProgressRequest,
  ResumedRequest,
  ReturnRequest,
  ShutdownRequest,
  WithdrawRequest,
  WithdrawResponse,
} from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { turnedAway } from "../core/drain.ts";
import { acknowledged, type Caller } from "../core/inputs.ts";
import type { Authentication } from "./security/authentication.ts";
import type { BrokerService } from "./broker-service.ts";
import { openEventStream } from "./event-stream.ts";
import type { FaultBook } from "./faults/fault-book.ts";
import { faultyStream } from "./faults/faulty-stream.ts";
import type { JoinTokens } from "./security/join-tokens.ts";
import type { RateLimits } from "./security/rate-limits.ts";
import type { BrokerMetrics } from "./operations/metrics.ts";
import type { Stopping } from "./operations/stopping.ts";
import { answerOf } from "./problems.ts";
import { isRevocationSigned, publicKeyObject } from "./security/request-signature.ts";
import { callerOf, requireSignature } from "./security/signed-requests.ts";

export interface AgentRoutesOptions {
  readonly service: BrokerService;
  readonly authentication: Authentication;
  readonly limits: RateLimits;
  readonly joinTokens: JoinTokens;
  readonly metrics: BrokerMetrics;
  readonly faults: FaultBook | undefined;
  readonly stopping: Stopping;
}

/** Everything that an agent calls with a JSON body, and its event stream. Every request is signed. */
export function registerAgentRoutes(plain: FastifyInstance, options: AgentRoutesOptions): void {
  const { service, joinTokens, stopping, authentication } = options;
  const app = plain.withTypeProvider<ZodTypeProvider>();

  app.register(async (enrolment) => {
    requireSignature(enrolment, { ...options, keyOf: "body" });
    enrolment
      .withTypeProvider<ZodTypeProvider>()
      .post(routes.enrol, { schema: { body: EnrolRequest, response: { 200: EnrolResponse } } }, async (request) => {
        const caller = callerOf(request);
        stopping.assertLetsIn(service, caller.agentId);
        // Before its token is used up.
        answerOf(turnedAway(service.state, caller.agentId) ?? acknowledged);
        const { joinToken: token, ...message } = request.body;
        const key = publicKeyObject(message.publicKey);
        const revocationVerified = isRevocationSigned(message.revocation, { agentId: caller.agentId, key });
        const joinTokenMatches = await joinTokens.admits(token, caller.agentId);
        if (joinTokenMatches) await authentication.remember(present(request.claim, "an enrolment is signed"));
        return answerOf(await service.handle({ type: "enrol", caller, message, joinTokenMatches, revocationVerified }));
      });
  });

  app.register(async (agents) => {
    requireSignature(agents, { ...options, keyOf: "agent" });
    registerNotices(agents, options);
    registerLeaseActions(agents, service);
    registerEvents(agents, options);
  });
}

function registerNotices(plain: FastifyInstance, { service, stopping }: AgentRoutesOptions): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const ok = { 200: Acknowledged };
  app.post(
    routes.heartbeat,
    { schema: { body: HeartbeatRequest, response: { 200: HeartbeatResponse } } },
    async (request) =>
      answerOf(
        await service.handle({ type: "heartbeat", caller: callerOf(request), message: stopping.heard(request.body) }),
      ),
  );
  app.post(routes.paused, { schema: { body: PausedRequest, response: ok } }, async (request) =>
    answerOf(await service.handle({ type: "paused", caller: callerOf(request), message: request.body })),
  );
  app.post(routes.resumed, { schema: { body: ResumedRequest, response: ok } }, async (request) =>
    answerOf(await service.handle({ type: "resumed", caller: callerOf(request), message: request.body })),
  );
  app.post(routes.shutdown, { schema: { body: ShutdownRequest, response: ok } }, async (request) =>
    answerOf(await service.handle({ type: "shutdown", caller: callerOf(request), message: request.body })),
  );
  app.post(
    routes.withdraw,
    { schema: { body: WithdrawRequest, response: { 200: WithdrawResponse } } },
    async (request) => {
      const caller = callerOf(request);
      const message = request.body;
      const publicKey = service.state.agents.get(caller.agentId)?.publicKey;
      const revocationVerified =
        publicKey !== undefined &&
        isRevocationSigned(message.revocation, { agentId: caller.agentId, key: publicKeyObject(publicKey) });
      return answerOf(await service.handle({ type: "withdraw", caller, message, revocationVerified }));
    },
  );
}

const LeaseParams = z.object({ leaseId: LeaseId });

function registerLeaseActions(plain: FastifyInstance, service: BrokerService): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const ok = { 200: Acknowledged };
  app.post(
    routes.leaseAction(":leaseId", "accept"),
    { schema: { params: LeaseParams, body: AcceptRequest, response: { 200: AcceptResponse } } },
    async (request) => answerOf(await service.handle({ type: "accept", ...leaseCall(request) })),
  );
  app.post(
    routes.leaseAction(":leaseId", "decline"),
    { schema: { params: LeaseParams, body: DeclineRequest, response: ok } },
    async (request) => answerOf(await service.handle({ type: "decline", ...leaseCall(request) })),
  );
  app.post(
    routes.leaseAction(":leaseId", "progress"),
    { schema: { params: LeaseParams, body: ProgressRequest, response: ok } },
    async (request) => answerOf(await service.handle({ type: "progress", ...leaseCall(request) })),
  );
  app.post(
    routes.leaseAction(":leaseId", "complete"),
    { schema: { params: LeaseParams, body: CompleteRequest, response: ok } },
    async (request) => answerOf(await service.handle({ type: "complete", ...leaseCall(request) })),
  );
  app.post(
    routes.leaseAction(":leaseId", "return"),
    { schema: { params: LeaseParams, body: ReturnRequest, response: ok } },
    async (request) => answerOf(await service.handle({ type: "return", ...leaseCall(request) })),
  );
}

function leaseCall<M>(request: FastifyRequest & { params: { leaseId: string }; body: M }): {
  caller: Caller;
  leaseId: string;
  message: M;
} {
  return { caller: callerOf(request), leaseId: request.params.leaseId, message: request.body };
}

function registerEvents(app: FastifyInstance, { service, metrics, faults, stopping }: AgentRoutesOptions): void {
  app.get(routes.events, { sse: "only" }, async (request, reply) => {
    const caller = callerOf(request);
    const { agentId } = caller;
    // Once the stream is open, nothing can be said any more but by its end.
    service.assertWritable();
    let isOpen = true;
    const opened = openEventStream(reply, {
      onSlow: () => metrics.slowStreamCut(),
      onClose() {
        isOpen = false;
        if (!service.hub.disconnected(agentId, stream)) return;
        // The service reports its own failures.
        service.handle({ type: "disconnected", agentId }).catch(() => undefined);
      },
    });
    const stream = faults === undefined ? opened : faultyStream(opened, { book: faults, agentId });
    service.hub.arrive(agentId, stream);
    const response = await service.handle({ type: "connected", caller }).catch(() => null);
    if (response?.ok !== true) {
      service.hub.turnAway(agentId, stream);
      // It may have been decided all the same, and the store was not there to note it.
      if (response === null && !service.hub.hasOrAwaits(agentId)) {
        service.handle({ type: "disconnected", agentId }).catch(() => undefined);
      }
      return;
    }
    service.hub.connect(agentId, stream, reply.sse.lastEventId);
    stopping.greet(service, agentId);
    // It closed while it was being admitted.
    if (!isOpen && service.hub.disconnected(agentId, stream)) await service.handle({ type: "disconnected", agentId });
  });
}
