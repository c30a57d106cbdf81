import { assert, present } from "../../foundation/assert.ts";
import type { BrokerState } from "./broker-state.ts";
import type { JobRecord } from "./records.ts";

const nothing: ReadonlyMap<string, JobRecord> = new Map();

/** The jobs offered or leased to an agent, by lease, oldest first. Only agents that ever held one have a list. */
export function holdingsOf({ holdings }: BrokerState, agentId: string): ReadonlyMap<string, JobRecord> {
  return holdings.get(agentId) ?? nothing;
}

/** Notes a grant in its holder's list. */
export function hold(state: BrokerState, job: JobRecord): void {
  const { agentId, leaseId } = present(job.grant, "what is held has a grant");
  assert(state.agents.has(agentId), "the holder is known");
  const held = state.holdings.get(agentId);
  if (held === undefined) state.holdings.set(agentId, new Map([[leaseId, job]]));
  else held.set(leaseId, job);
}

/** Strikes a grant off its holder's list. */
export function letGo(state: BrokerState, job: JobRecord): void {
  const { agentId, leaseId } = present(job.grant, "what is let go has a grant");
  assert(state.holdings.get(agentId)?.delete(leaseId) === true, "the holder's list names the grant");
}
