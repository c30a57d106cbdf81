import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Logger } from "pino";

import { limits } from "../../foundation/limits.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { registerAgentRoutes } from "./agent-routes.ts";
import type { Authentication } from "./authentication.ts";
import type { BlobStore } from "./blob-store.ts";
import { registerBlobRoutes } from "./blob-routes.ts";
import type { BrokerService } from "./broker-service.ts";
import { registerEventStreams } from "./event-stream.ts";
import type { Federation } from "./federation.ts";
import { registerFederationRoutes, registerSpokeRoutes } from "./federation-routes.ts";
import { registerExecutionRoutes } from "./execution-routes.ts";
import { registerOperatorRoutes } from "./operator-routes.ts";
import { problemStatus } from "./problem-status.ts";
import { ProblemError, problemOf, sendProblem } from "./problems.ts";
import { registerUploadRoutes } from "./upload-routes.ts";

export interface HttpServerOptions {
  readonly service: BrokerService;
  readonly federation: Federation;
  readonly authentication: Authentication;
  readonly blobs: BlobStore;
  readonly joinToken: string;
  readonly log: Logger;
  readonly record: RecordEvent;
  /** Answer only requests that were addressed to this machine by a loopback name. */
  readonly loopbackOnly: boolean;
}

/** The broker's HTTP face, not listening yet. */
export async function httpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { service, log, record, loopbackOnly } = options;
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: "warn" });
  const app = fastify({
    loggerInstance,
    bodyLimit: limits.messageBytesMax,
    // Event streams stay open for ever; closing the server must not wait for them.
    forceCloseConnections: true,
    return503OnClosing: false,
    // A request that does not arrive within this is given up: an upload over a slow line, at the most.
    requestTimeout: 300_000,
    routerOptions: { maxParamLength: 200 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("claim", null);
  if (loopbackOnly) guardAgainstWebPages(app);
  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === "internal")
      log.error({ err: error, method: request.method, url: request.url }, "request failed");
    const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
    record("broker.refused", { agentId: request.claim?.agentId ?? "", route, code: problem.code });
    log.info({ agentId: request.claim?.agentId, route, ...problem }, "refused");
    await sendProblem(reply, { problem, status: statusFor(route, problem.code) });
  });
  app.setNotFoundHandler(async (request, reply) => {
    const message = `There is nothing at ${request.method} ${request.url}.`;
    await sendProblem(reply, { problem: { code: "not-found", message } });
  });
  await registerEventStreams(app, { heartbeatMs: service.state.timing.eventHeartbeatMs });
  registerAgentRoutes(app, options);
  app.register(async (scope) => registerBlobRoutes(scope, options));
  app.register(async (scope) => registerUploadRoutes(scope, options));
  app.register(async (scope) => registerOperatorRoutes(scope, options));
  app.register(async (scope) => registerExecutionRoutes(scope, options));
  app.register(async (scope) => registerSpokeRoutes(scope, options));
  app.register(async (scope) => registerFederationRoutes(scope, options));
  await app.ready();
  return app;
}

/** An operator asks about an agent; that it is unknown or gone says nothing about the operator's own right to ask. */
function statusFor(route: string, code: keyof typeof problemStatus): number {
  if (!route.includes("/agents/:agentId/")) return problemStatus[code];
  if (code === "unknown-agent") return 404;
  return code === "revoked" ? 409 : problemStatus[code];
}

/**
 * A web page may point its own name at 127.0.0.1 and then call what listens here, which the Host header gives away; or
 * post to it from afar, which the Origin header does.
 */
function guardAgainstWebPages(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ hostname, headers: { origin } }) => {
    if (!isLoopbackName(hostname)) {
      throw new ProblemError("bad-request", `This broker answers on loopback only, and was called as ${hostname}.`);
    }
    if (origin !== undefined && !isLoopbackName(URL.parse(origin)?.hostname ?? "")) {
      throw new ProblemError("bad-request", `This broker takes no calls from the web page ${origin}.`);
    }
  });
}

function isLoopbackName(name: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(name);
}
