import { sometimes } from "../../../foundation/sometimes.ts";
import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { BrokerState } from "../broker-state.ts";
import { type BrokerInput, type BrokerResponse, acknowledged } from "../inputs.ts";
import { type Turn, persistExecution, record } from "../turn.ts";
import type { ExecutionRecord, ProcessEnd, ProcessMark } from "./execution-record.ts";
import { transitionToCompleted, transitionToFailed, transitionToKilled, transitionToRunning } from "./lifecycle.ts";
import { endProcess } from "./spawn-and-kill.ts";

/**
 * What the host says of the processes. They are facts, so nothing here is refused; of what is over or was never known
 * nothing more is believed.
 */

/** The process of an execution is there. */
export function spawned(turn: Turn, { executionId, process }: BrokerInput<"spawned">): BrokerResponse<"spawned"> {
  const execution = liveOf(turn.state, executionId);
  if (execution !== undefined) noteProcess(turn, execution, process);
  return acknowledged;
}

/** It could not be started. */
export function spawnFailed(
  turn: Turn,
  { executionId, error }: BrokerInput<"spawn-failed">,
): BrokerResponse<"spawn-failed"> {
  const execution = liveOf(turn.state, executionId);
  if (execution === undefined) return acknowledged;
  if (execution.state === "killing") transitionToKilled(turn, execution);
  else transitionToFailed(turn, execution, { error });
  return acknowledged;
}

/** The process has ended, and nothing that it started is left. */
export function exited(turn: Turn, { executionId, end }: BrokerInput<"exited">): BrokerResponse<"exited"> {
  const execution = liveOf(turn.state, executionId);
  if (execution === undefined) return acknowledged;
  const { exitCode } = end;
  if (execution.state === "killing") transitionToKilled(turn, execution, exitCode);
  else if (execution.state === "running" && exitCode === 0) transitionToCompleted(turn, execution);
  else transitionToFailed(turn, execution, { error: wordsOf(end), exitCode });
  return acknowledged;
}

/**
 * A broker that comes back looks at its host once. Whatever says that it was started by this broker is `found`, whether
 * it is known or not; of those that are known to live, the others are `missing`.
 */
export function found(turn: Turn, { executionId, process }: BrokerInput<"found">): BrokerResponse<"found"> {
  const execution = liveOf(turn.state, executionId);
  if (execution === undefined) {
    sometimes("a process was found of which the broker knew nothing");
    record(turn, "broker.stray", { executionId, pid: process.pid });
    turn.effects.push({ kind: "kill-process", executionId, graceMs: 0 });
    return acknowledged;
  }
  sometimes("a broker found an agent again that it had started before");
  noteProcess(turn, execution, process);
  if (execution.state === "killing") endProcess(turn, execution, { now: false });
  return acknowledged;
}

/** Nothing of it runs: it ended while nobody looked, or was never started. */
export function missing(turn: Turn, { executionId }: BrokerInput<"missing">): BrokerResponse<"missing"> {
  const execution = liveOf(turn.state, executionId);
  if (execution === undefined) return acknowledged;
  sometimes("a broker did not find an agent again that it had started before");
  if (execution.state === "killing") transitionToKilled(turn, execution);
  else if (execution.state === "spawning") {
    transitionToFailed(turn, execution, { error: "the broker ended before it had started it" });
  } else transitionToFailed(turn, execution, { error: "it ended while the broker was away, and nobody saw how" });
  return acknowledged;
}

function liveOf({ executions }: BrokerState, executionId: string): ExecutionRecord | undefined {
  const execution = executions.get(executionId);
  return execution === undefined || isTerminalExecution(execution.state) ? undefined : execution;
}

function noteProcess(turn: Turn, execution: ExecutionRecord, process: ProcessMark): void {
  if (execution.state === "spawning") return transitionToRunning(turn, execution, process);
  // Whoever is being ended since before its process was there never runs, and is known by it all the same.
  if (execution.process !== null) return;
  execution.process = process;
  persistExecution(turn, execution);
}

function wordsOf({ exitCode, signal, detail }: ProcessEnd): string {
  const how =
    exitCode !== null
      ? `it ended with exit code ${exitCode}`
      : signal !== null
        ? `${signal} ended it`
        : "it ended, and nobody saw how";
  return detail === null ? how : `${how}: ${detail}`;
}
