import type { FastifyError, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

import type { Problem, ProblemCode } from "../../protocol/messages.ts";
import { uploadFields } from "../../protocol/uploads.ts";
import type { Refusal } from "../core/inputs.ts";
import { problemStatus } from "./problem-status.ts";

/** A refusal on its way to the client; the error handler turns it into a problem body. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(code: ProblemCode, message: string, more: Pick<Problem, "expectedOffset"> = {}) {
    super(message);
    this.problem = { code, message, ...more };
  }
}

/**
 * What the core answers.
 *
 * @throws ProblemError its refusal
 */
export function answerOf<T>(response: { readonly ok: true; readonly answer: T } | Refusal): T {
  if (response.ok) return response.answer;
  const { code, message, expectedOffset } = response;
  throw new ProblemError(code, message, expectedOffset === undefined ? {} : { expectedOffset });
}

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
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return { code: "bad-request", message: "This content-type is not taken here; messages are application/json." };
  }
  if (statusCode === 413) return { code: "too-large", message: message ?? "The request is too large." };
  if (statusCode === 404) return { code: "not-found", message: message ?? "There is nothing here." };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { code: "bad-request", message: message ?? "The request cannot be read." };
  }
  return { code: "internal", message: "The broker failed; its log says why." };
}

/** When whoever was refused by a broker on its way out may look whether there is another, in seconds. */
const retryAfterS = 10;

/** Node reads and drops what is left of a refused body, so that the answer reaches a client that is still sending. */
export async function sendProblem(
  reply: FastifyReply,
  { problem, status = problemStatus[problem.code] }: { problem: Problem; status?: number },
): Promise<void> {
  if (problem.expectedOffset !== undefined) reply.header(uploadFields.offset, String(problem.expectedOffset));
  if (problem.code === "out-of-service") reply.header("retry-after", String(retryAfterS));
  await reply.removeHeader("connection").code(status).type("application/json").send(problem);
}
