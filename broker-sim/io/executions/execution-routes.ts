import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { executionStates, isTerminalExecution } from "../../../protocol/execution-states.ts";
import {
  ExecutionList,
  ExecutionView,
  KillRequest,
  KillswitchResponse,
  SpawnSpec,
} from "../../../protocol/executions.ts";
import { ExecutionId } from "../../../protocol/identifiers.ts";
import { limits } from "../../../foundation/limits.ts";
import { routes } from "../../../protocol/routes.ts";
import { executionView, executionViews } from "../../core/executions/execution-views.ts";
import type { BrokerService } from "../broker-service.ts";
import { openEventStream } from "../event-stream.ts";
import type { BrokerMetrics } from "../operations/metrics.ts";
import { requireOperator } from "../security/operator-token.ts";
import { ProblemError, answerOf } from "../problems.ts";

/** How whoever runs the broker starts agents on its host, looks after them and ends them (OR-5, OR-6). */
export function registerExecutionRoutes(
  plain: FastifyInstance,
  { service, operatorToken, metrics }: { service: BrokerService; operatorToken: string; metrics: BrokerMetrics },
): void {
  requireOperator(plain, operatorToken);
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const params = z.object({ executionId: ExecutionId });

  app.post(routes.executions, { schema: { body: SpawnSpec, response: { 200: ExecutionView } } }, async ({ body }) =>
    answerOf(await service.handle({ type: "spawn", spec: body })),
  );
  app.get(
    routes.executions,
    {
      schema: {
        querystring: z.object({ state: z.enum(executionStates).optional() }),
        response: { 200: ExecutionList },
      },
    },
    async ({ query }) => {
      await service.settled();
      return { executions: executionViews(service.state, query.state) };
    },
  );
  app.get(
    routes.execution(":executionId"),
    { schema: { params, response: { 200: ExecutionView } } },
    async ({ params: { executionId } }) => {
      await service.settled();
      const execution = service.state.executions.get(executionId);
      if (execution !== undefined) return executionView(execution);
      throw new ProblemError("unknown-execution", `This broker knows no execution ${executionId}.`);
    },
  );
  app.post(
    routes.executionKill(":executionId"),
    { schema: { params, body: KillRequest, response: { 200: ExecutionView } } },
    async ({ params: { executionId }, body }) =>
      answerOf(await service.handle({ type: "kill", executionId, message: body })),
  );
  app.post(
    routes.killswitch,
    { schema: { body: KillRequest, response: { 200: KillswitchResponse } } },
    async ({ body }) => answerOf(await service.handle({ type: "kill-all", message: body })),
  );
  registerEvents(app, { service, metrics });
}

function registerEvents(
  app: FastifyInstance,
  { service, metrics }: { service: BrokerService; metrics: BrokerMetrics },
): void {
  app.get(routes.executionEvents, { sse: "only" }, async (_request, reply) => {
    const { lastEventId } = reply.sse;
    let isOpen = true;
    const stream = openEventStream(reply, {
      onClose() {
        isOpen = false;
        service.executionEvents.unsubscribe(stream);
      },
      onSlow: () => metrics.slowStreamCut(),
    });
    // What is shown is in the store, and its event was published before.
    await service.settled();
    if (isOpen) service.executionEvents.subscribe(stream, { lastEventId, snapshot: () => recent(service) });
  });
}

/** All that live, and of the others so many as a stream carries. */
function recent({ state }: BrokerService): ExecutionView[] {
  const views = executionViews(state);
  const from = views.length - limits.eventReplayMax;
  return views.filter((view, index) => index >= from || !isTerminalExecution(view.state));
}
