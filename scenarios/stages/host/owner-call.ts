import type { ControlRequest } from "../../../protocol/control.ts";
import { type ControlCall, ControlError, type ControlSuccess, openControl } from "./control-call.ts";
import type { HostAgent, HostStage } from "./host-stage.ts";

interface Patience {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/**
 * As `controlCall`, for an owner: the history has what was asked and what was heard. Nothing is written of an agent
 * whose socket does not take the request, and nothing was heard when the run itself did not wait any longer.
 */
export async function ownerCall(
  stage: HostStage,
  agent: HostAgent,
  { request, ...patience }: Patience & { readonly request: ControlRequest },
): Promise<ControlSuccess> {
  const call = await openControl(agent.control, patience);
  return await sendAsOwner(stage, agent, { call, request, ...patience }).answer;
}

/** Sends the request in this very turn; `sentAt` is when, after all that was written of it. */
export function sendAsOwner(
  stage: HostStage,
  { agentId, actor }: HostAgent,
  { call, request, withinMs, signal }: Patience & { readonly call: ControlCall; readonly request: ControlRequest },
): { readonly sentAt: number; readonly answer: Promise<ControlSuccess> } {
  const { history } = stage.options;
  stage.requests += 1;
  const { command } = request;
  const asked = { agentId, request: stage.requests, command };
  const deadline = command === "withdraw" && request.deadlineMs !== undefined ? { deadlineMs: request.deadlineMs } : {};
  history.record("witness.asked", { ...asked, withinMs, ...deadline });
  const sentAt = performance.now();
  const stoodFromMs = stage.schedule.nowMs;
  call.send(request);
  const hear = (code: string | null, heard: ControlSuccess | null): void => {
    const stoodStillMs = stage.schedule.stoodStillMs(actor.pid, stoodFromMs);
    if (signal.aborted || (code === "no-answer" && stoodStillMs > 0)) return;
    const waitedMs = Math.max(0, performance.now() - sentAt - stoodStillMs);
    const { pause = null, report = null } = heard ?? {};
    history.record("witness.answered", { ...asked, ok: heard !== null, code, waitedMs, pause, report });
  };
  const answer = call.answer.then(
    (heard) => {
      hear(null, heard);
      return heard;
    },
    (error: unknown) => {
      hear(codeOf(error), null);
      throw error;
    },
  );
  // Whoever never asks for the answer is not to be punished by an unhandled rejection.
  answer.catch(() => undefined);
  return { sentAt, answer };
}

/** A connection that breaks, or ends with half an answer, means that the process ended over it. */
function codeOf(error: unknown): string {
  if (error instanceof ControlError && error.code !== "bad-answer") return error.code;
  return error instanceof Error && error.name === "TimeoutError" ? "no-answer" : "ended";
}
