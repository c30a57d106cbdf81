import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { assert, present } from "../../../foundation/assert.ts";
import type { Decided } from "./decided.ts";

const none: ReadonlySet<string> = new Set();

interface Hinted {
  readonly state: BrokerState;
  readonly effects: readonly Effect[];
}

/**
 * The hints of one decision go to agents that hear them and have room, no more of them than there are jobs that came
 * into the queue (and one for who called), and enough to take those jobs, if so many agents wait.
 */
export function auditHints({ state, effects, dueSinceMs }: Hinted & Pick<Decided, "dueSinceMs">): void {
  const woken = dueSinceMs === null ? none : wokenSince(state, dueSinceMs);
  let queued = woken.size;
  let hints = 0;
  let room = 0;
  let offered = 0;
  for (const effect of effects) {
    if (effect.kind === "history") {
      const { type, data } = effect.entry;
      if (type === "broker.job" && data.to === "queued" && data.backoff === undefined) queued += 1;
      // One that had waited for long enough, and is offered in the same decision.
      if (type === "broker.offered" && dueSinceMs !== null) offered += 1;
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
  assert(hints <= queued + offered + 1, "nobody is woken in vain");
  const unfed = Math.min(queued, state.queue.size) - room;
  if (unfed > 0) assert(!someoneListens(state), "a job that came into the queue wakes who waits for it");
}

/** An agent that has room is hinted at if there is work, and waits for it if there is none and the broker is in service. */
export function auditHunger(agent: KnownAgent, { state, effects }: Hinted): void {
  if (!isListening(agent)) return;
  const hinted = effects.some(
    (effect) => effect.kind === "push" && effect.agentId === agent.agentId && effect.event.event === "work_available",
  );
  if (state.drained !== null) assert(!hinted && !agent.inLine, "a drained broker has nothing for anybody");
  else if (workFor(state, agent)) assert(hinted, "who has room is told of the work that there is");
  else assert(agent.inLine && !hinted, "who has room waits for work");
}

/**
 * Whether a job is queued that the agent may be offered: one that it could not start is left to others for a while, and
 * after a failed attempt nobody gets it at first.
 */
export function workFor({ jobs, nowMs }: BrokerState, { unstartable }: KnownAgent): boolean {
  for (const { jobId, state, waitsUntil } of jobs.values()) {
    if (state !== "queued" || (waitsUntil ?? -Infinity) > nowMs) continue;
    if ((unstartable.get(jobId) ?? -Infinity) <= nowMs) return true;
  }
  return false;
}

/** The queued jobs that have waited for long enough since then. */
function wokenSince({ jobs, nowMs }: BrokerState, sinceMs: number): Set<string> {
  const woken = new Set<string>();
  for (const { jobId, waitsUntil } of jobs.values()) {
    if (waitsUntil !== null && waitsUntil > sinceMs && waitsUntil <= nowMs) woken.add(jobId);
  }
  return woken;
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
