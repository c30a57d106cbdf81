import type { AgentState } from "../../protocol/agent-states.ts";
import { type Checker, failed, passed, undecided } from "./checker.ts";

/** I6: no lease is accepted and no job started while the agent is Paused, Withdrawing or Withdrawn. */
export const noIntake: Checker = {
  title: "nothing is accepted or started while Paused or Withdrawing (I6)",
  judge(history) {
    const states = new Map<string, AgentState>();
    let closed = 0;
    let declined = 0;
    for (const record of history) {
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
    return passed(`closed ${closed} times, ${declined} offers declined meanwhile`);
  },
};
