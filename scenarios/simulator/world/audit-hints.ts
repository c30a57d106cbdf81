import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { assert, present } from "../../../foundation/assert.ts";

interface Hinted {
  readonly state: BrokerState;
  readonly effects: readonly Effect[];
}

/**
 * The hints of one decision go to agents that hear them and have room, no more of them than there are jobs that came
 * into the queue (and one for who called), and enough to take those jobs, if so many agents wait.
 */
export function auditHints({ state, effects }: Hinted): void {
  let queued = 0;
  let hints = 0;
  let room = 0;
  for (const effect of effects) {
    if (effect.kind === "history") {
      if (effect.entry.type === "broker.job" && effect.entry.data.to === "queued") queued += 1;
      continue;
    }
    if (effect.kind !== "push" || effect.event.event !== "work_available") continue;
    const agent = present(state.agents.get(effect.agentId), "who is hinted at is known");
    assert(isListening(agent), "a hint goes to who hears it and has room");
    assert(effect.event.data.queued === state.queue.size, "a hint says how many jobs wait");
    assert(workFor(state, agent), "a hint tells of a job that is for who hears it");
    hints += 1;
    room += agent.slotsFree;
  }
  if (hints === 0 && queued === 0) return;
  assert(hints <= queued + 1, "nobody is woken in vain");
  const unfed = Math.min(queued, state.queue.size) - room;
  if (unfed > 0) assert(!someoneListens(state), "a job that came into the queue wakes who waits for it");
}

/** An agent that has room is hinted at if there is work, and waits for it if there is none. */
export function auditHunger(agent: KnownAgent, { state, effects }: Hinted): void {
  if (!isListening(agent)) return;
  const hinted = effects.some(
    (effect) => effect.kind === "push" && effect.agentId === agent.agentId && effect.event.event === "work_available",
  );
  if (workFor(state, agent)) assert(hinted, "who has room is told of the work that there is");
  else assert(agent.inLine && !hinted, "who has room waits for work");
}

/** Whether a job is queued that the agent may be offered: one that it could not start is left to others for a while. */
export function workFor({ jobs, nowMs }: BrokerState, { unstartable }: KnownAgent): boolean {
  for (const { jobId, state } of jobs.values()) {
    if (state === "queued" && (unstartable.get(jobId) ?? -Infinity) <= nowMs) return true;
  }
  return false;
}

function isListening({ standing, state, slotsFree, isConnected }: KnownAgent): boolean {
  return standing === "active" && (state === "Idle" || state === "Working") && slotsFree > 0 && isConnected;
}

function someoneListens(state: BrokerState): boolean {
  for (let agent = state.hungry.oldest; agent !== null; agent = agent.after) {
    if (isListening(agent) && workFor(state, agent)) return true;
  }
  return false;
}
