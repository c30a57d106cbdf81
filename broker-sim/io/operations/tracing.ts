import { type Span, SpanKind, SpanStatusCode, context, propagation, trace } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";

import { messageOf } from "../../../foundation/errors.ts";
import { problemOf } from "../problems.ts";
import { routeOf } from "./route-of.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The request's span; null until it has begun. */
    span: Span | null;
  }
}

/**
 * Spans through @opentelemetry/api alone: whoever runs the broker chooses an SDK and preloads it
 * (`NODE_OPTIONS=--import …`); without one every call here does nothing.
 */
const tracer = () => trace.getTracer("houseguest-broker");

/** A span of each request, within the trace that its `traceparent` names (W3C Trace Context). */
export function traceRequests(app: FastifyInstance): void {
  app.decorateRequest("span", null);
  app.addHook("onRequest", (request, _reply, done) => {
    const outer = propagation.extract(context.active(), request.headers);
    const route = routeOf(request);
    // Neither the query nor a header goes into a span: paths hold ids, and ids are no secrets.
    const attributes = { "http.request.method": request.method, "http.route": request.routeOptions.url ?? "" };
    const span = tracer().startSpan(route, { kind: SpanKind.SERVER, attributes }, outer);
    request.span = span;
    context.with(trace.setSpan(outer, span), done);
  });
  app.addHook("onError", async ({ span }, _reply, error) => {
    span?.setAttribute("houseguest.problem", problemOf(error).code);
  });
  app.addHook("onResponse", async ({ span, claim }, { statusCode }) => {
    if (span === null) return;
    span.setAttribute("http.response.status_code", statusCode);
    if (claim !== null) span.setAttribute("houseguest.agent_id", claim.agentId);
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
}

/** A span around some work, within the one that is active. */
export async function withSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return await tracer().startActiveSpan(name, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
