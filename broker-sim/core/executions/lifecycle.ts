import { assert, present } from "../../../foundation/assert.ts";
import { type ExecutionState, executionTransition, isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { ExecutionEventName } from "../../../protocol/executions.ts";
import { brokerLimits } from "../broker-limits.ts";
import { type Turn, persistExecution, record, removeStoredExecution } from "../turn.ts";
import type { ExecutionRecord, ProcessMark } from "./execution-record.ts";
import { executionView } from "./execution-views.ts";

/**
 * The steps of an agent that the broker starts (OR-1, OR-5). Each throws an AssertionError that names both states when
 * the table has no such step: who calls knows the state, and what the host or an operator says is judged before.
 */

/** Its process is there. */
export function transitionToRunning(turn: Turn, execution: ExecutionRecord, process: ProcessMark): void {
  assert(execution.startedAt === null, "an execution starts once");
  execution.process = process;
  execution.startedAt = turn.nowMs;
  move(turn, execution, { to: "running", reason: `its process is ${process.pid}` });
}

/** It is being ended: `killed` is said only when nothing of it runs any more (docs/cases.md, case 66). */
export function transitionToKilling(turn: Turn, execution: ExecutionRecord, reason: string): void {
  execution.killReason = reason;
  move(turn, execution, { to: "killing", reason });
}

/** It ended by itself, and well. */
export function transitionToCompleted(turn: Turn, execution: ExecutionRecord): void {
  execution.exitCode = 0;
  end(turn, execution, { to: "completed", reason: "it ended by itself" });
}

/** It could not be started, or ended otherwise than it should. */
export function transitionToFailed(
  turn: Turn,
  execution: ExecutionRecord,
  { error, exitCode = null }: { error: string; exitCode?: number | null },
): void {
  execution.error = error;
  execution.exitCode = exitCode;
  end(turn, execution, { to: "failed", reason: error });
}

/** It was ended, and nothing of it is left. */
export function transitionToKilled(turn: Turn, execution: ExecutionRecord, exitCode: number | null = null): void {
  const reason = present(execution.killReason, "what was killed was killed for a reason");
  execution.exitCode = exitCode;
  execution.error = reason;
  end(turn, execution, { to: "killed", reason });
}

interface Step {
  readonly to: ExecutionState;
  readonly reason: string;
}

function end(turn: Turn, execution: ExecutionRecord, step: Step): void {
  const { state } = turn;
  assert(execution.completedAt === null, "an execution ends once");
  execution.completedAt = turn.nowMs;
  move(turn, execution, step);
  state.executionsSettled.add(execution.executionId);
  while (state.executionsSettled.size > brokerLimits.settledExecutionsMax) {
    const oldest = present(state.executionsSettled.oldest, "what is counted is there");
    state.executionsSettled.delete(oldest);
    state.executions.delete(oldest);
    removeStoredExecution(turn, oldest);
  }
}

function move(turn: Turn, execution: ExecutionRecord, { to, reason }: Step): void {
  const { executionId, state: from, startedAt, completedAt } = execution;
  const step = executionTransition(from, to);
  assert(step.accepted, step.accepted ? "" : `${executionId}: ${step.reason}`);
  assert(isTerminalExecution(to) === (completedAt !== null), "an execution has an end exactly when it is over");
  execution.state = to;
  persistExecution(turn, execution);
  record(turn, "broker.execution", { executionId, from, to, startedAt, completedAt, reason });
  const event = published[to];
  if (event !== undefined) turn.effects.push({ kind: "publish", event, execution: executionView(execution) });
}

const published: Partial<Record<ExecutionState, ExecutionEventName>> = {
  running: "agent.running",
  completed: "agent.completed",
  failed: "agent.failed",
  killed: "agent.killed",
};
