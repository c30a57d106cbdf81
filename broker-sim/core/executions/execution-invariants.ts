import { assert } from "../../../foundation/assert.ts";
import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { brokerLimits } from "../broker-limits.ts";
import type { BrokerState } from "../broker-state.ts";
import type { ExecutionRecord } from "./execution-record.ts";

/** Checks every execution that is known, for tests and simulators. */
export function assertExecutions(state: BrokerState): void {
  for (const execution of state.executions.values()) assertExecution(state, execution);
  const live = state.executions.size - state.executionsSettled.size;
  assert(live >= 0 && live <= brokerLimits.executionsLiveMax, "no more agents were started than the limit says");
}

/** Checks one that was changed. */
export function assertExecution(state: BrokerState, execution: ExecutionRecord): void {
  const { executionId, state: is, process, startedAt, completedAt, killReason, error } = execution;
  const isOver = isTerminalExecution(is);
  assert(isOver === state.executionsSettled.has(executionId), "an execution that is over is listed so");
  assert(isOver === (completedAt !== null), "an execution has an end exactly when it is over (OR-4)");
  const mayHaveStarted = is !== "spawning";
  assert(startedAt === null || mayHaveStarted, "what is being started has not started");
  assert(startedAt === null || process !== null, "what has started has a process");
  if (is === "running" || is === "completed") assert(startedAt !== null, "what runs or ended well has started (OR-4)");
  const isEnded = is === "killing" || is === "killed";
  assert(isEnded === (killReason !== null), "an execution is ended for a reason, and none other has one");
  assert((is === "failed" || is === "killed") === (error !== null), "whoever did not end well says why (OR-4)");
}
