import { sometimes } from "../../foundation/sometimes.ts";
import type { AgentState } from "../../protocol/agent-states.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { JobRecord } from "./records.ts";
import { type Turn, push } from "./turn.ts";
import { hasWorkFor } from "./unstartable.ts";

/** Puts a job into the queue under the order that it has. */
export function enqueueJob(turn: Turn, job: JobRecord): void {
  turn.state.queue.add(job);
  turn.jobsQueued += 1;
}

/** Whether an agent in this state gets offers (I6). */
export function takesWork(state: AgentState): boolean {
  return state === "Idle" || state === "Working";
}

/** An agent has a free slot: it is woken now if a job for it is queued, and when the next one is if not. */
export function hungerOf(turn: Turn, agent: KnownAgent): void {
  const { state } = turn;
  // A drained broker has nothing for anybody.
  if (state.drained !== null || !canBeWoken(agent)) return;
  if (hasWorkFor(state, agent)) wake(turn, agent);
  else state.hungry.add(agent);
}

/** The same when it says anew what it can take: it waits behind all others again, or no longer. */
export function renewHunger(turn: Turn, agent: KnownAgent): void {
  turn.state.hungry.delete(agent);
  hungerOf(turn, agent);
}

/**
 * Wakes as many hungry agents as the jobs queued in this turn can feed, longest hungry first. Whoever could not start
 * them waits on; each such start counted against its job, so there are few to pass by. A hint only: whoever is not
 * woken, or is woken in vain, asks again with its next heartbeat.
 */
export function wakeForQueued(turn: Turn): void {
  const { state } = turn;
  let jobs = Math.min(turn.jobsQueued, state.queue.size);
  let agent = jobs > 0 ? state.hungry.oldest : null;
  while (jobs > 0 && agent !== null) {
    const { after } = agent;
    if (hasWorkFor(state, agent)) {
      sometimes("a hungry agent was woken for a queued job");
      wake(turn, agent);
      jobs -= agent.slotsFree;
    }
    agent = after;
  }
}

/** Whether it hears hints, and would heed one. */
export function canBeWoken(agent: KnownAgent): boolean {
  return agent.standing === "active" && takesWork(agent.state) && agent.slotsFree > 0 && agent.isConnected;
}

function wake(turn: Turn, agent: KnownAgent): void {
  turn.state.hungry.delete(agent);
  push(turn, agent.agentId, { event: "work_available", data: { queued: turn.state.queue.size } });
}
