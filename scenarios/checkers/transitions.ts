import { type AgentState, agentTransition } from "../../protocol/agent-states.ts";
import { type ExecutionState, executionTransition } from "../../protocol/execution-states.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { type Checker, failed, passed, undecided } from "./checker.ts";

/** I4: every observed transition of agents and executions is one that the tables allow, and each goes on from the last. */
export const transitions: Checker = {
  title: "every transition follows the tables (I4)",
  judge(history) {
    const agents = new Map<string, AgentState>();
    const executions = new Map<string, ExecutionState>();
    let observed = 0;
    for (const record of history) {
      const wrong = record.type === "agent.state" ? wrongState(record, agents) : wrongExecution(record, executions);
      if (wrong !== undefined) return failed(wrong);
      if (record.type === "agent.state" || record.type === "agent.execution") observed += 1;
    }
    return observed === 0 ? undecided("the agent reported no transition") : passed(`${observed} transitions`);
  },
};

function wrongState(
  record: Extract<HistoryRecord, { type: "agent.state" }>,
  agents: Map<string, AgentState>,
): string | undefined {
  const { from, to, event } = record.data;
  const last = agents.get(record.source);
  agents.set(record.source, to);
  if (last !== undefined && last !== from) return `the agent was ${last} and then went from ${from} to ${to}`;
  const allowed = [true, false].some((busy) => {
    const transition = agentTransition(from, event, { busy });
    return transition.accepted && transition.to === to;
  });
  return allowed ? undefined : `${event} took the agent from ${from} to ${to}, which the table does not have`;
}

function wrongExecution(record: HistoryRecord, executions: Map<string, ExecutionState>): string | undefined {
  if (record.type !== "agent.execution") return undefined;
  const { leaseId, from, to } = record.data;
  const last = executions.get(leaseId) ?? null;
  executions.set(leaseId, to);
  if (last !== from) return `the execution of ${leaseId} was ${last} and then went from ${from} to ${to}`;
  if (from === null) return to === "spawning" ? undefined : `the execution of ${leaseId} began as ${to}`;
  const transition = executionTransition(from, to);
  return transition.accepted ? undefined : `${leaseId}: ${transition.reason}`;
}
