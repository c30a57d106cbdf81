import { connect } from "node:net";

import { systemCode } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/parse-json.ts";
import { type ControlRequest, ControlResponse } from "../../protocol/control.ts";
import { AgentError } from "./agent-error.ts";

/**
 * Sends one command to the agent that lives behind the control socket.
 *
 * @returns null when no agent listens there
 * @throws AgentError `no-answer`, `bad-answer`, and what the agent refuses, under its own code
 */
export async function askAgent(
  path: string,
  request: ControlRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<Extract<ControlResponse, { ok: true }> | null> {
  const text = await exchange(path, `${JSON.stringify(request)}\n`, { timeoutMs, signal });
  if (text === null) return null;
  const response = ControlResponse.safeParse(parseJson(text));
  if (!response.success) {
    throw new AgentError(text === "" ? "The agent hung up without an answer." : "The agent's answer is not one.", {
      code: "bad-answer",
      next: "See `donor-agent status`, and the agent's log in its home.",
    });
  }
  if (response.data.ok) return response.data;
  throw new AgentError(response.data.message, { code: response.data.code, next: response.data.next });
}

async function exchange(
  path: string,
  line: string,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<string | null> {
  return await new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(path);
    const patience = setTimeout(() => {
      socket.destroy();
      reject(
        new AgentError(`The agent did not answer within ${timeoutMs / 1000} s.`, {
          code: "no-answer",
          next: "See `donor-agent status`, and the agent's log in its home.",
        }),
      );
    }, timeoutMs);
    const onAbort = (): void => {
      clearTimeout(patience);
      socket.destroy();
      // Whoever called it off hears nothing of it.
      resolve("");
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.once("close", () => signal?.removeEventListener("abort", onAbort));
    socket.setEncoding("utf8");
    socket.once("connect", () => socket.write(line));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.once("error", (error) => {
      clearTimeout(patience);
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") resolve(null);
      else if (code === "ECONNRESET" || code === "EPIPE") resolve(text);
      else reject(noEntry(path, error));
    });
    socket.once("end", () => {
      clearTimeout(patience);
      resolve(text);
      socket.destroy();
    });
  });
}

function noEntry(path: string, cause: Error): AgentError {
  return new AgentError(`The control socket ${path} cannot be used: ${cause.message}.`, {
    code: "no-permission",
    next: "Run the command as the user who runs the agent.",
    cause,
  });
}
