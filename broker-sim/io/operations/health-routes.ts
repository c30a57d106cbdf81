import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { HealthView, ReadyView } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import type { BrokerService } from "../broker-service.ts";
import type { BrokerMetrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";

interface HealthOptions {
  readonly service: BrokerService;
  readonly readiness: Readiness;
  readonly metrics: BrokerMetrics;
}

/**
 * What machines ask that watch a broker, without a token: numbers, and nothing of jobs or agents. `/healthz` says that
 * what was decided is in the store; `/readyz` whether new work is welcome here.
 */
export function registerHealthRoutes(plain: FastifyInstance, { service, readiness, metrics }: HealthOptions): void {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  app.get(routes.health, { schema: { response: { 200: HealthView } } }, async () => {
    service.assertWritable();
    await service.settled();
    const { jobs, settled, agents, queue } = service.state;
    return {
      ok: true as const,
      jobsLive: jobs.size - settled.size,
      jobsQueued: queue.size + queue.waiting,
      agents: agents.size,
    };
  });
  app.get(routes.ready, { schema: { response: { 200: ReadyView, 503: ReadyView } } }, async (_request, reply) => {
    const { reasons } = readiness;
    return await reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });
  const text = { description: "Prometheus' text format", content: { "text/plain": { schema: z.string() } } };
  app.get(routes.metrics, { schema: { response: { 200: text } } }, async (_request, reply) => {
    const body = await metrics.registry.metrics();
    return await reply.type(metrics.registry.contentType).send(body);
  });
}
