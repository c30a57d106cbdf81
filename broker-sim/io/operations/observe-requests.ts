import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

import type { BrokerMetrics } from "./metrics.ts";
import { streamRoutes } from "./route-descriptions.ts";
import { routeOf } from "./route-of.ts";

/** Counts and logs every request once it is answered. The log names route and agent: no path, header or body. */
export function observeRequests(app: FastifyInstance, { metrics, log }: { metrics: BrokerMetrics; log: Logger }): void {
  app.addHook("onResponse", async (request, { statusCode, elapsedTime }) => {
    const route = routeOf(request);
    metrics.requested({ route, status: statusCode, ms: streamRoutes.has(route) ? null : elapsedTime });
    log.debug({ route, status: statusCode, ms: elapsedTime, agentId: request.claim?.agentId }, "answered");
  });
}
