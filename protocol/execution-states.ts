/**
 * The states of one execution of a job on a host (OR-1, I4). `killing` is recorded from the decision until the process
 * tree is gone (docs/cases.md: "`killed` is recorded as `killing` until the process tree is gone").
 */
export const executionStates = ["spawning", "running", "killing", "completed", "failed", "killed"] as const;
export type ExecutionState = (typeof executionStates)[number];

export const executionSuccessors: Record<ExecutionState, readonly ExecutionState[]> = {
  spawning: ["running", "failed", "killing", "killed"],
  running: ["completed", "failed", "killing", "killed"],
  killing: ["killed"],
  completed: [],
  failed: [],
  killed: [],
};

/** Terminal is terminal (I4). */
export function isTerminalExecution(state: ExecutionState): boolean {
  return executionSuccessors[state].length === 0;
}

/** Whether the table allows the step; a refusal's message names both states (OR-1). */
export function executionTransition(
  from: ExecutionState,
  to: ExecutionState,
): { accepted: true } | { accepted: false; reason: string } {
  if (executionSuccessors[from].includes(to)) return { accepted: true };
  const why = isTerminalExecution(from) ? `${from} is final` : "the table has no such step";
  return { accepted: false, reason: `an execution cannot go from ${from} to ${to}: ${why}` };
}
