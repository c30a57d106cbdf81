import { sometimes } from "../../foundation/sometimes.ts";
import type { BrokerState } from "./broker-state.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { JobRecord } from "./records.ts";
import type { Turn } from "./turn.ts";

/**
 * An agent said that it cannot start a job: it is left to others, or waits, for `startAgainAfterMs`. The agent's first
 * heartbeat after that is offered it again, so that a job which nobody else can take comes to its end all the same
 * (L2). Nobody is woken for it: the heartbeat comes by itself.
 */
export function leaveToOthers({ state, nowMs }: Turn, agent: KnownAgent, { jobId, state: jobState }: JobRecord): void {
  if (jobState !== "queued") return;
  agent.forgetUnstartable(nowMs);
  agent.noteUnstartable(jobId, nowMs + state.timing.startAgainAfterMs);
  sometimes("a job was left to others because an agent could not start it");
}

/** Whether an agent is to be offered a job: it could start it, as far as anybody knows. */
export function isFor({ nowMs }: BrokerState, { unstartable }: KnownAgent, jobId: string): boolean {
  const untilMs = unstartable.get(jobId);
  return untilMs === undefined || untilMs <= nowMs;
}

/** Whether a job is queued that is for this agent. */
export function hasWorkFor(state: BrokerState, agent: KnownAgent): boolean {
  let jobs = state.queue.size;
  if (jobs === 0 || agent.unstartable.size === 0) return jobs > 0;
  for (const jobId of agent.unstartable.keys()) {
    if (state.queue.has(jobId) && !isFor(state, agent, jobId)) jobs -= 1;
  }
  return jobs > 0;
}
