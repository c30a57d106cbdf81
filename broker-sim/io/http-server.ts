import { type FastifyBaseLogger, type FastifyInstance, fastify } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Logger } from "pino";

import { limits } from "../../foundation/limits.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { routes } from "../../protocol/routes.ts";
import { registerAgentRoutes } from "./agent-routes.ts";
import type { Authentication } from "./security/authentication.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { registerBlobRoutes } from "./blobs/blob-routes.ts";
import type { BrokerService } from "./broker-service.ts";
import { registerEventStreams } from "./event-stream.ts";
import { registerExecutionRoutes } from "./executions/execution-routes.ts";
import type { FaultBook } from "./faults/fault-book.ts";
import { registerFaultRoutes } from "./faults/fault-routes.ts";
import { misbehave } from "./faults/misbehave.ts";
import type { Federation } from "./federation/federation.ts";
import { registerFederationRoutes, registerSpokeRoutes } from "./federation/federation-routes.ts";
import type { JoinTokens } from "./security/join-tokens.ts";
import { registerJoinTokenRoutes } from "./security/join-token-routes.ts";
import { registerOperatorRoutes } from "./operator-routes.ts";
import { registerDocumentation } from "./operations/documentation.ts";
import type { Stopping } from "./operations/stopping.ts";
import { registerHealthRoutes } from "./operations/health-routes.ts";
import type { BrokerMetrics } from "./operations/metrics.ts";
import { observeRequests } from "./operations/observe-requests.ts";
import type { Readiness } from "./operations/readiness.ts";
import { traceRequests } from "./operations/tracing.ts";
import { routeDescriptions } from "./operations/route-descriptions.ts";
import { routeOf } from "./operations/route-of.ts";
import { problemStatus } from "./problem-status.ts";
import { ProblemError, problemOf, sendProblem } from "./problems.ts";
import { type RateLimitOptions, rateLimits } from "./security/rate-limits.ts";
import { unreadable } from "./unreadable.ts";
import { registerUploadRoutes } from "./blobs/upload-routes.ts";

export interface HttpServerOptions {
  readonly service: BrokerService;
  readonly federation: Federation;
  readonly authentication: Authentication;
  readonly blobs: BlobStore;
  readonly joinTokens: JoinTokens;
  readonly operatorToken: string;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly metrics: BrokerMetrics;
  readonly readiness: Readiness;
  readonly stopping: Stopping;
  /** Undefined in a broker that misbehaves on nobody's order. */
  readonly faults: FaultBook | undefined;
  readonly storeKind: string;
  readonly rateLimits?: RateLimitOptions;
  /** Addresses and ranges of those whose `X-Forwarded-For` counts. */
  readonly trustProxy?: readonly string[];
  /** Answer only requests that were addressed to this machine by a loopback name. */
  readonly loopbackOnly: boolean;
}

/** The broker's HTTP face, not listening yet, and the routes that it serves. */
export async function httpServer(options: HttpServerOptions): Promise<{ app: FastifyInstance; served: string[] }> {
  const { service, log, record, loopbackOnly, metrics } = options;
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: "warn" });
  const app = fastify({
    loggerInstance,
    bodyLimit: limits.messageBytesMax,
    trustProxy: [...(options.trustProxy ?? [])],
    // Whoever stops the server lets it answer what it has taken, for a while, and then cuts the rest.
    forceCloseConnections: "idle",
    // Every route that there is was written, and is documented.
    exposeHeadRoutes: false,
    return503OnClosing: false,
    // A request that does not arrive within this is given up: an upload over a slow line, at the most.
    requestTimeout: 300_000,
    routerOptions: { maxParamLength: 200 },
    ...unreadable({ record, log }),
  });
  // Fastify takes it for a string, of which a schema then says that it is no object.
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("claim", null);
  if (loopbackOnly) guardAgainstWebPages(app);
  const rates = await rateLimits(app, options.rateLimits);
  const scope = { ...options, limits: rates };
  app.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === "internal")
      log.error({ err: error, method: request.method, url: request.url }, "request failed");
    const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
    await rates.refused(request, problem.code);
    record("broker.refused", { agentId: request.claim?.agentId ?? "", route, code: problem.code });
    log.info({ agentId: request.claim?.agentId, route, ...problem }, "refused");
    // Whoever is refused by our clock is told what it shows (RFC 9110, section 6.6.1).
    if (problem.code === "stale-signature") reply.header("date", options.authentication.shownDate());
    await sendProblem(reply, { problem, status: statusFor(route, problem.code) });
  });
  app.setNotFoundHandler(async (request, reply) => {
    const route = routeOf(request);
    record("broker.refused", { agentId: "", route, code: "not-found" });
    log.info({ route, code: "not-found" }, "refused");
    const message = `There is nothing at ${request.method} ${request.url}.`;
    await sendProblem(reply, { problem: { code: "not-found", message } });
  });
  const served: string[] = [];
  app.addHook("onRoute", ({ method, url }) => void served.push(`${String(method)} ${url}`));
  traceRequests(app);
  observeRequests(app, { metrics, log });
  await registerDocumentation(app);
  if (options.faults !== undefined) misbehave(app, options.faults);
  await registerEventStreams(app, { heartbeatMs: service.state.timing.eventHeartbeatMs });
  app.addHook("onRequest", async (request) => {
    const route = routeOf(request);
    options.stopping.assertTakes(route);
    const takesToken = route === `POST ${routes.enrol}` || routeDescriptions[route]?.access === "operator";
    if (takesToken) await rates.ofGuesses(request);
  });
  registerAgentRoutes(app, scope);
  app.register(async (blobs) => registerBlobRoutes(blobs, scope));
  app.register(async (uploads) => registerUploadRoutes(uploads, scope));
  app.register(async (tokens) => registerJoinTokenRoutes(tokens, options));
  app.register(async (scope) => registerOperatorRoutes(scope, options));
  app.register(async (executions) => registerExecutionRoutes(executions, options));
  app.register(async (spoke) => registerSpokeRoutes(spoke, scope));
  app.register(async (federation) => registerFederationRoutes(federation, options));
  app.register(async (scope) => registerFaultRoutes(scope, { ...options, served }));
  app.register(async (scope) => registerHealthRoutes(scope, options));
  await app.ready();
  return { app, served };
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
  app.addHook("onRequest", async ({ headers: { host = "", origin } }) => {
    // Not the host that a proxy tells: a page can set that header, too.
    const hostname = URL.parse(`http://${host}`)?.hostname ?? "";
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
