import type { AgentEvent, AgentTransition } from "../../protocol/agent-states.ts";
import { agentTransition } from "../../protocol/agent-states.ts";
import type { ControlResponse } from "../../protocol/control.ts";
import { type ExecutionState, executionTransition, isTerminalExecution } from "../../protocol/execution-states.ts";
import type { ExitReason } from "../../protocol/exit-reason.ts";
import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import { assert } from "../../foundation/assert.ts";
import type { AgentEffect, Note } from "./effect.ts";
import type { TimerName } from "./input.ts";
import { isBusy } from "./lease-facts.ts";
import { agentLimits } from "./limits.ts";
import type { AgentCore, HeldLease } from "./state.ts";

/** One input being applied: the state to change, and the effects in the order in which they are wanted. */
export class Turn {
  readonly core: AgentCore;
  readonly nowMs: number;
  readonly effects: AgentEffect[] = [];
  response: ControlResponse | null = null;
  /** The control request that this input is, if it is one. */
  readonly #requestId: string | null;

  constructor(core: AgentCore, { nowMs, requestId }: { nowMs: number; requestId: string | null }) {
    this.core = core;
    this.nowMs = nowMs;
    this.#requestId = requestId;
  }

  emit(effect: AgentEffect): void {
    this.effects.push(effect);
  }

  record<T extends HistoryType>(type: T, data: HistoryData<T>): void {
    this.effects.push({ kind: "record", type, data } as AgentEffect);
  }

  log(level: "info" | "warn" | "error", message: string): void {
    this.effects.push({ kind: "log", level, message });
  }

  /** The note is handed out as it is: nothing in it may change afterwards. */
  remember(note: Note): void {
    this.effects.push({ kind: "remember", note });
  }

  setTimer(name: TimerName, { delayMs, jitterRatio = 0 }: { delayMs: number; jitterRatio?: number }): void {
    this.effects.push({ kind: "setTimer", name, delayMs: Math.max(0, delayMs), jitterRatio });
  }

  clearTimer(name: TimerName): void {
    this.effects.push({ kind: "clearTimer", name });
  }

  /** Answers a control request: this very one by the turn's response, an earlier one by an effect. */
  answer(requestId: string | null, response: ControlResponse): void {
    if (requestId === null) return;
    if (requestId === this.#requestId) this.response = response;
    else this.emit({ kind: "answer", requestId, response });
  }

  leases(): readonly HeldLease[] {
    return this.core.leaseList;
  }

  /** What the table says of the event now. */
  decision(event: AgentEvent): AgentTransition {
    return agentTransition(this.core.agent, event, { busy: isBusy(this.core) });
  }

  /**
   * Moves the agent by the table (WC-5). A refusal is recorded and changes nothing.
   *
   * @returns whether the table accepts the event
   */
  move(event: AgentEvent, reason: string): boolean {
    const { core } = this;
    const transition = this.decision(event);
    if (!transition.accepted) {
      this.record("agent.refused", { state: core.agent, event, reason: transition.reason });
      return false;
    }
    if (transition.to === core.agent) return true;
    this.record("agent.state", { from: core.agent, to: transition.to, event, reason });
    core.agent = transition.to;
    core.reason = reason;
    return true;
  }

  /** Moves an execution by its table; a step that the table does not have is a bug of ours. */
  moveExecution(lease: HeldLease, to: ExecutionState, reason: string, exit?: ExitReason): void {
    const step = executionTransition(lease.execution, to);
    assert(step.accepted, `${lease.leaseId}: ${step.accepted ? "" : step.reason}`);
    this.recordExecution(lease, { from: lease.execution, to, reason, ...(exit === undefined ? {} : { exit }) });
    lease.execution = to;
    if (!isTerminalExecution(to)) return;
    const { jobId, leaseId } = lease;
    this.core.endedExecutions = [...this.core.endedExecutions, { jobId, leaseId, execution: to, reason }].slice(
      -agentLimits.endedExecutionsMax,
    );
  }

  recordExecution(
    { jobId, leaseId, epoch }: HeldLease,
    step: { from: ExecutionState | null; to: ExecutionState; reason: string; exit?: ExitReason },
  ): void {
    this.record("agent.execution", { jobId, leaseId, epoch, ...step });
  }
}
