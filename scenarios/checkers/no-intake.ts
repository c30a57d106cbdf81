import type { AgentState } from "../../protocol/agent-states.ts";
import { type Checker, failed, passed, undecided } from "./checker.ts";

/**
 * I6: no lease is accepted and no job started while the agent is Paused, Withdrawing or Withdrawn; neither by its own
 * account nor, once the broker has acknowledged a pause, by the broker's. Setting: `queuedMin`, how many jobs must have
 * been waiting for a holder while the agent was closed, so that there was something to refuse.
 */
export const noIntake: Checker = {
  title: "nothing is accepted or started while Paused or Withdrawing (I6)",
  judge(history, { queuedMin = 0 }) {
    const paused = new Set<string>();
    const queued = new Set<string>();
    let queuedMost = 0;
    const states = new Map<string, AgentState>();
    let closed = 0;
    let declined = 0;
    for (const record of history) {
      if (record.type === "broker.pause-acknowledged") paused.add(record.data.agentId);
      if (record.type === "broker.heartbeat" && record.data.state !== "Paused") paused.delete(record.data.agentId);
      if (record.type === "broker.leased" && paused.has(record.data.agentId)) {
        return failed(`${record.data.leaseId} was granted to an agent whose pause the broker had acknowledged`);
      }
      if (record.type === "broker.job") {
        if (record.data.to === "queued") queued.add(record.data.jobId);
        else queued.delete(record.data.jobId);
      }
      if ([...states.values()].some((state) => state === "Paused" || state === "Withdrawing")) {
        queuedMost = Math.max(queuedMost, queued.size);
      }
      if (record.type === "agent.state") {
        states.set(record.source, record.data.to);
        if (["Paused", "Withdrawing"].includes(record.data.to)) closed += 1;
      }
      const state = states.get(record.source);
      if (state !== "Paused" && state !== "Withdrawing" && state !== "Withdrawn") continue;
      if (record.type === "agent.offer") {
        if (record.data.answer === "accepted") return failed(`${record.data.leaseId} was accepted while ${state}`);
        declined += 1;
      }
      if (record.type === "agent.execution" && record.data.to === "spawning") {
        return failed(`${record.data.leaseId} was started while ${state}`);
      }
    }
    if (closed === 0) return undecided("the agent was never Paused or Withdrawing");
    if (queuedMost < Number(queuedMin)) return undecided(`only ${queuedMost} jobs waited while the agent was closed`);
    return passed(`closed ${closed} times with up to ${queuedMost} jobs waiting, ${declined} offers declined`);
  },
};
