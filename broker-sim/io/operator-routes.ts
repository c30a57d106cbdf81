import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";

import { AgentId, JobId } from "../../protocol/identifiers.ts";
import { jobStates } from "../../protocol/job-states.ts";
import {
  Acknowledged,
  AgentCommand,
  AgentList,
  DrainRequest,
  JobList,
  JobView,
  SubmitRequest,
  SubmitResponse,
} from "../../protocol/messages.ts";
import { routes } from "../../protocol/routes.ts";
import { agentViews, jobView, jobViews } from "../core/views.ts";
import type { BrokerService } from "./broker-service.ts";
import { requireOperator } from "./security/operator-token.ts";
import { ProblemError, answerOf } from "./problems.ts";

const JobQuery = z.object({
  state: z.enum(jobStates).optional(),
  /** `true`: only those that the broker gave up, because no agent outlived them. */
  dead: z.enum(["true", "false"]).optional(),
});

/** What whoever runs the broker calls, with the operator's token: jobs in and out, the agents, commands to them. */
export function registerOperatorRoutes(
  plain: FastifyInstance,
  { service, operatorToken }: { service: BrokerService; operatorToken: string },
): void {
  requireOperator(plain, operatorToken);
  const app = plain.withTypeProvider<ZodTypeProvider>();

  app.post(
    routes.drain,
    { schema: { body: DrainRequest, response: { 200: Acknowledged } } },
    async ({ body: { reason } }) => answerOf(await service.handle({ type: "drain", reason })),
  );
  app.post(routes.jobs, { schema: { body: SubmitRequest, response: { 200: SubmitResponse } } }, async (request) => {
    return answerOf(await service.handle({ type: "submit", jobs: request.body.jobs }));
  });
  app.get(routes.jobs, { schema: { querystring: JobQuery, response: { 200: JobList } } }, async (request) => {
    await service.settled();
    const { state, dead } = request.query;
    const jobs = jobViews(service.state, { onlyDead: dead === "true" });
    return { jobs: state === undefined ? jobs : jobs.filter((job) => job.state === state) };
  });
  const JobParams = z.object({ jobId: JobId });
  app.get(routes.job(":jobId"), { schema: { params: JobParams, response: { 200: JobView } } }, async (request) => {
    await service.settled();
    const job = service.state.jobs.get(request.params.jobId);
    if (job === undefined) throw new ProblemError("unknown-job", `This broker knows no job ${request.params.jobId}.`);
    return jobView(job);
  });
  app.post(
    routes.jobCancel(":jobId"),
    { schema: { params: JobParams, response: { 200: Acknowledged } } },
    async (request) => answerOf(await service.handle({ type: "cancel", jobId: request.params.jobId })),
  );
  app.get(routes.agents, { schema: { response: { 200: AgentList } } }, async () => {
    await service.settled();
    return { agents: agentViews(service.state) };
  });
  app.post(
    routes.agentCommands(":agentId"),
    { schema: { params: z.object({ agentId: AgentId }), body: AgentCommand, response: { 200: Acknowledged } } },
    async (request) => {
      const { agentId } = request.params;
      return answerOf(await service.handle({ type: "command", agentId, message: request.body }));
    },
  );
}
