import { sometimes } from "../../../foundation/sometimes.ts";
import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { KillRequest } from "../../../protocol/executions.ts";
import { brokerLimits } from "../broker-limits.ts";
import { takesNoAgents } from "../drain.ts";
import { type BrokerInput, type BrokerResponse, refuse } from "../inputs.ts";
import { type Turn, persistExecution, record } from "../turn.ts";
import type { ExecutionRecord } from "./execution-record.ts";
import { executionView } from "./execution-views.ts";
import { transitionToKilling } from "./lifecycle.ts";

/**
 * Writes an execution down and has its agent started, in this order: a broker that is killed in between knows of it,
 * and looks for its process when it comes back.
 */
export function spawn(turn: Turn, { spec, origin = null }: BrokerInput<"spawn">): BrokerResponse<"spawn"> {
  const { state, nowMs } = turn;
  // One that is started now could not join.
  const closed = takesNoAgents(state);
  if (closed !== null) {
    sometimes("a drained broker was to start an agent");
    return closed;
  }
  const live = state.executions.size - state.executionsSettled.size;
  if (live >= brokerLimits.executionsLiveMax) {
    return refuse("full", `${live} agents were started here and have not ended, which is the limit; end one first.`);
  }
  state.executionsSpawned += 1;
  const execution: ExecutionRecord = {
    executionId: `exec-${state.boot}-${state.executionsSpawned}`,
    spec,
    state: "spawning",
    process: null,
    spawnedAt: nowMs,
    startedAt: null,
    completedAt: null,
    exitCode: null,
    error: null,
    origin,
    killReason: null,
  };
  const { executionId } = execution;
  state.executions.set(executionId, execution);
  persistExecution(turn, execution);
  const told = { from: null, to: "spawning", startedAt: null, completedAt: null, reason: "asked for" } as const;
  record(turn, "broker.execution", { executionId, ...told });
  turn.effects.push({ kind: "spawn-process", executionId, spec });
  return { ok: true, answer: executionView(execution) };
}

/** Ends one (OR-6). Asked again it is no error, and `now` makes an end that is under way a hard one. */
export function kill(turn: Turn, { executionId, message }: BrokerInput<"kill">): BrokerResponse<"kill"> {
  const execution = turn.state.executions.get(executionId);
  if (execution === undefined) return refuse("unknown-execution", `This broker knows no execution ${executionId}.`);
  if (execution.state === "killed") return { ok: true, answer: executionView(execution) };
  if (isTerminalExecution(execution.state)) {
    return refuse("execution-over", `The execution ${executionId} is ${execution.state} already.`);
  }
  endOne(turn, execution, message);
  return { ok: true, answer: executionView(execution) };
}

/** Ends every one that has not ended (OR-6). */
export function killAll(turn: Turn, { message }: BrokerInput<"kill-all">): BrokerResponse<"kill-all"> {
  const live = [...turn.state.executions.values()].filter(({ state }) => !isTerminalExecution(state));
  for (const execution of live) endOne(turn, execution, message);
  return { ok: true, answer: { executionIds: live.map(({ executionId }) => executionId) } };
}

function endOne(turn: Turn, execution: ExecutionRecord, { reason, now }: KillRequest): void {
  if (execution.state === "killing") sometimes("an execution was to be ended again");
  else {
    if (execution.state === "spawning") sometimes("an execution was to be ended before its process was there");
    transitionToKilling(turn, execution, reason);
  }
  endProcess(turn, execution, { now });
}

/** Has the host end it: asked first, and not any more after the grace. */
export function endProcess(turn: Turn, { executionId }: ExecutionRecord, { now }: { now: boolean }): void {
  const { terminateGraceMs, shutdownTimeoutMs } = turn.state.timing;
  // An agent that is asked ends its jobs, and then tells its broker.
  const graceMs = now ? 0 : terminateGraceMs + shutdownTimeoutMs;
  turn.effects.push({ kind: "kill-process", executionId, graceMs });
}
