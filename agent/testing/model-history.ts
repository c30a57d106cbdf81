import { assert } from "../../foundation/assert.ts";
import { type AgentEvent, type AgentState, agentTransition } from "../../protocol/agent-states.ts";
import { type ExecutionState, executionTransition } from "../../protocol/execution-states.ts";
import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";

/** The records of a model world; one that the tables do not allow ends the test. */
export class ModelHistory {
  readonly records: { type: string; data: Record<string, unknown> }[] = [];
  readonly reports: WithdrawalReport[] = [];
  readonly #executions = new Map<string, ExecutionState>();

  add(type: string, data: Record<string, unknown>): void {
    this.records.push({ type, data });
    if (type === "agent.withdrawal") this.reports.push(data["report"] as WithdrawalReport);
    if (type === "agent.state") assertState(data as { from: AgentState; to: AgentState; event: AgentEvent });
    if (type === "agent.execution") this.#assertExecution(data as unknown as Execution);
  }

  #assertExecution({ leaseId, from, to }: Execution): void {
    assert((this.#executions.get(leaseId) ?? null) === from, `the execution of ${leaseId} goes on from where it was`);
    assert(from === null ? to === "spawning" : executionTransition(from, to).accepted, "the table has the step");
    this.#executions.set(leaseId, to);
  }
}

interface Execution {
  readonly leaseId: string;
  readonly from: ExecutionState | null;
  readonly to: ExecutionState;
}

function assertState({ from, to, event }: { from: AgentState; to: AgentState; event: AgentEvent }): void {
  const allowed = [true, false].some((busy) => {
    const transition = agentTransition(from, event, { busy });
    return transition.accepted && transition.to === to;
  });
  assert(allowed, `${event} may take the agent from ${from} to ${to}`);
}
