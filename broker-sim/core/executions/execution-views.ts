import type { ExecutionState } from "../../../protocol/execution-states.ts";
import type { ExecutionView } from "../../../protocol/executions.ts";
import type { BrokerState } from "../broker-state.ts";
import type { ExecutionRecord } from "./execution-record.ts";

/** An execution as its operator is shown it. */
export function executionView(execution: ExecutionRecord): ExecutionView {
  const { executionId, spec, state, process, spawnedAt, startedAt, completedAt, exitCode, error } = execution;
  const pid = process?.pid ?? null;
  return { executionId, spec, state, pid, spawnedAt, startedAt, completedAt, exitCode, error };
}

/** All that are known, or those in one state, in the order in which they were asked for (OR-5). */
export function executionViews({ executions }: BrokerState, inState?: ExecutionState): ExecutionView[] {
  const views = Array.from(executions.values(), executionView);
  return inState === undefined ? views : views.filter(({ state }) => state === inState);
}
