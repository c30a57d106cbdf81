import { connect, type Socket } from "node:net";

import { HouseguestError } from "../../../foundation/errors.ts";
import { type ControlRequest, ControlResponse } from "../../../protocol/control.ts";

/** The agent refused a command, or its control socket does not answer. */
export class ControlError extends HouseguestError {
  override readonly name = "ControlError";
}

export type ControlSuccess = Extract<ControlResponse, { ok: true }>;

/** A connection on which one command can be sent, so that the sending itself costs nothing but the write. */
export interface ControlCall {
  /** Writes the command; the kernel has it when this returns. */
  send(request: ControlRequest): void;
  /** The agent's answer. @throws ControlError */
  readonly answer: Promise<ControlSuccess>;
}

/**
 * Connects to an agent's control socket.
 *
 * @throws ControlError `no-control-socket`
 */
export async function openControl(
  path: string,
  limits: { withinMs: number; signal: AbortSignal },
): Promise<ControlCall> {
  const socket = connect(path);
  const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.withinMs)]);
  const onAbort = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", onAbort));
  const answer = readAnswer(socket);
  // Whoever never asks for the answer is not to be punished by an unhandled rejection.
  answer.catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) =>
      reject(
        new ControlError(`The agent's control socket ${path} does not answer: ${error.message}.`, {
          code: "no-control-socket",
          next: "Its log is in the run directory's logs/.",
          cause: error,
        }),
      ),
    );
  });
  return { send: (request) => void socket.write(`${JSON.stringify(request)}\n`), answer };
}

/** Sends one command and waits for its answer. */
export async function controlCall(
  path: string,
  request: ControlRequest,
  limits: { withinMs: number; signal: AbortSignal },
): Promise<ControlSuccess> {
  const call = await openControl(path, limits);
  call.send(request);
  return await call.answer;
}

async function readAnswer(socket: Socket): Promise<ControlSuccess> {
  let text = "";
  socket.setEncoding("utf8");
  for await (const chunk of socket) text += String(chunk);
  const parsed = ControlResponse.safeParse(text === "" ? undefined : JSON.parse(text));
  if (!parsed.success) {
    throw new ControlError(`The agent's answer is not one: ${text.slice(0, 200) || "it hung up"}.`, {
      code: "bad-answer",
      next: "Its log is in the run directory's logs/.",
    });
  }
  if (!parsed.data.ok) {
    throw new ControlError(parsed.data.message, { code: parsed.data.code, next: parsed.data.next });
  }
  return parsed.data;
}
