import { STATUS_CODES } from "node:http";

import type { FastifyServerOptions } from "fastify";
import type { Logger } from "pino";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import type { RecordEvent } from "../../protocol/history-recorder.ts";
import type { Problem } from "../../protocol/messages.ts";
import { problemStatus } from "./problem-status.ts";
import { sendProblem } from "./problems.ts";

/**
 * How the server answers what it cannot read as a request for any of its routes: with a problem, counted and recorded as
 * every other. Nothing of what was sent is repeated: it may hold anything.
 */
export function unreadable({
  record,
  log,
}: {
  readonly record: RecordEvent;
  readonly log: Logger;
}): Pick<FastifyServerOptions, "frameworkErrors" | "clientErrorHandler"> {
  const note = (route: string, problem: Problem): void => {
    log.info({ route, ...problem }, "refused");
    record("broker.refused", { agentId: "", route, code: problem.code });
  };
  return {
    frameworkErrors(error, request, reply) {
      const problem: Problem =
        error.statusCode === 414
          ? { code: "not-found", message: "There is nothing under so long a name." }
          : { code: "bad-request", message: "The URL cannot be read." };
      note(`${request.method} unknown`, problem);
      void sendProblem(reply, { problem });
    },
    clientErrorHandler(error, socket) {
      // Nobody is there any more.
      if (systemCode(error) === "ECONNRESET" || socket.destroyed) return;
      const { status, problem } = problemOfClient(error);
      note("unknown", problem);
      const body = JSON.stringify(problem);
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        "content-type: application/json",
        `content-length: ${Buffer.byteLength(body)}`,
        "connection: close",
      ];
      if (socket.writable) socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
      else socket.destroy();
    },
  };
}

function problemOfClient(error: unknown): { status: number; problem: Problem } {
  const code = systemCode(error);
  if (code === "HPE_HEADER_OVERFLOW") {
    return { status: 431, problem: { code: "too-large", message: "The headers are larger than allowed." } };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { status: 408, problem: { code: "bad-request", message: "The request did not arrive in time." } };
  }
  const message = `The request cannot be read: ${messageOf(error)}.`;
  return { status: problemStatus["bad-request"], problem: { code: "bad-request", message } };
}
