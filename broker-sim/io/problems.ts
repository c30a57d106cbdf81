import type { FastifyError, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

import type { Problem, ProblemCode } from "../../protocol/messages.ts";

/** A refusal on its way to the client; the error handler turns it into a problem body. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(code: ProblemCode, message: string) {
    super(message);
    this.problem = { code, message };
  }
}

export const problemStatus: Record<ProblemCode, number> = {
  "bad-request": 400,
  "bad-join-token": 403,
  "bad-signature": 401,
  "stale-signature": 401,
  replayed: 401,
  revoked: 401,
  "unknown-agent": 401,
  "unknown-job": 404,
  "unknown-lease": 404,
  "unknown-checkpoint": 409,
  fenced: 409,
  "offer-lapsed": 409,
  "lease-expired": 409,
  "job-settled": 409,
  "too-large": 413,
  "digest-mismatch": 400,
  full: 503,
  "not-found": 404,
  internal: 500,
};

/** What whoever sent the request is told about an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const first = error.validation[0];
    const where = `${error.validationContext ?? "request"}${first?.instancePath.replaceAll("/", ".") ?? ""}`;
    return { code: "bad-request", message: `${where}: ${first?.message ?? "it is not as the protocol says"}` };
  }
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return { code: "too-large", message: "The body is larger than allowed." };
  if (statusCode === 413) return { code: "too-large", message: message ?? "The request is too large." };
  if (statusCode === 404) return { code: "not-found", message: message ?? "There is nothing here." };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { code: "bad-request", message: message ?? "The request cannot be read." };
  }
  return { code: "internal", message: "The broker failed; its log says why." };
}

/** Node reads and drops what is left of a refused body, so that the answer reaches a client that is still sending. */
export async function sendProblem(
  reply: FastifyReply,
  { problem, status = problemStatus[problem.code] }: { problem: Problem; status?: number },
): Promise<void> {
  await reply.removeHeader("connection").code(status).type("application/json").send(problem);
}
