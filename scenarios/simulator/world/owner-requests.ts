import { agentLimits } from "../../../agent/core/limits.ts";
import type { ControlRequest, ControlResponse } from "../../../protocol/control.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { AgentProcess } from "./agent-process.ts";
import { checkAnswer } from "./control-answer-form.ts";

/** What an answer may take that waits for nothing but the process itself, in milliseconds. */
const answerMsMax = 1_000;

interface OwnerRequest {
  readonly request: number;
  readonly command: ControlRequest["command"];
  readonly askedAtMs: number;
  /** How long the process had stood still by then. */
  readonly stalledMs: number;
  readonly withinMs: number;
  readonly answered: (response: ControlResponse) => void;
}

/** What the owner asked one process over its control socket, and what came back, seen from the owner's end. */
export class OwnerRequests implements EventTarget {
  readonly #body: AgentProcess;
  readonly #open = new Map<string, OwnerRequest>();

  constructor(body: AgentProcess) {
    this.#body = body;
  }

  /** How many wait for their answers. */
  get waiting(): number {
    return this.#open.size;
  }

  /** @returns by what the process tells the request from others */
  ask(request: ControlRequest, answered: (response: ControlResponse) => void): string {
    const { world, host, stalledMs } = this.#body;
    world.requests += 1;
    const { command } = request;
    const asked = { request: world.requests, command, withinMs: withinMs(request) };
    const deadline =
      command === "withdraw" && request.deadlineMs !== undefined ? { deadlineMs: request.deadlineMs } : {};
    world.record(world.harness, "witness.asked", { agentId: host.agentId, ...asked, ...deadline });
    const requestId = String(asked.request);
    this.#open.set(requestId, { ...asked, askedAtMs: world.nowMs, stalledMs, answered });
    world.heap.push(world.nowMs + asked.withinMs, this, 0, requestId);
    return requestId;
  }

  /** Whether somebody waits for the answer to such a request. */
  waitsFor(command: ControlRequest["command"]): boolean {
    for (const asked of this.#open.values()) if (asked.command === command) return true;
    return false;
  }

  answer(requestId: string, response: ControlResponse): void {
    const asked = this.#open.get(requestId);
    if (asked === undefined) throw new Error(`request ${requestId} was answered and is answered again`);
    checkAnswer(asked, response);
    this.#tell(requestId, asked, response);
    asked.answered(response);
  }

  /** The process is gone, and its connections with it. */
  hangUp(): void {
    for (const [requestId, asked] of this.#open) this.#tell(requestId, asked, { ok: false, code: "ended" });
  }

  /** The owner's patience is over, unless the process stood still meanwhile. */
  happen(_what: number, detail: unknown): void {
    const requestId = detail as string;
    const asked = this.#open.get(requestId);
    if (asked === undefined) return;
    const { world } = this.#body;
    const leftMs = asked.withinMs - this.#waitedMs(asked);
    if (leftMs > 0) world.heap.push(world.nowMs + leftMs, this, 0, requestId);
    else this.#tell(requestId, asked, { ok: false, code: "no-answer" });
  }

  #tell(
    requestId: string,
    asked: OwnerRequest,
    response: Extract<ControlResponse, { ok: true }> | { readonly ok: false; readonly code: string },
  ): void {
    this.#open.delete(requestId);
    const { world, host } = this.#body;
    const { request, command } = asked;
    world.record(world.harness, "witness.answered", {
      ...{ agentId: host.agentId, request, command, ok: response.ok, waitedMs: this.#waitedMs(asked) },
      code: response.ok ? null : response.code,
      pause: response.ok ? (response.pause ?? null) : null,
      report: response.ok ? (response.report ?? null) : null,
    });
  }

  #waitedMs({ askedAtMs, stalledMs }: OwnerRequest): number {
    return this.#body.world.nowMs - askedAtMs - (this.#body.stalledMs - stalledMs);
  }
}

/** For how long the owner of a modelled host waits, in milliseconds: an agent that is awake needs no longer. */
function withinMs(request: ControlRequest): number {
  if (request.command === "withdraw") return (request.deadlineMs ?? agentLimits.withdrawDeadlineMs) + answerMsMax;
  return answerMsMax + (request.command === "pause" ? agentLimits.snapshotGiveUpMs : 0);
}
