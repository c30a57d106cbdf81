import type { FastifyRequest } from "fastify";

/** What a request is counted, traced and matched as: `POST /api/v1/jobs/:jobId/cancel`, and never the path itself. */
export function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? "unknown"}`;
}
