import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { BrokerInput, BrokerInputType, Caller } from "../../../broker-sim/core/inputs.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { assert, present } from "../../../foundation/assert.ts";

/** One decision of the broker, and what it knows after it. */
export interface Decided<T extends BrokerInputType = BrokerInputType> {
  readonly state: BrokerState;
  readonly input: BrokerInput<T>;
  /** What it knew before of the agent that calls, or holds what is cancelled; null where none does, or it knew nothing. */
  readonly before: Before | null;
  /** The broker's time before, if something was due by now; null where nothing was. */
  readonly dueSinceMs: number | null;
  readonly effects: readonly Effect[];
}

const none: readonly never[] = [];

/** What an agent was before a decision about its call. */
export interface Before {
  readonly instanceId: string;
  readonly standing: KnownAgent["standing"];
  readonly state: KnownAgent["state"];
  readonly slotsFree: number;
  /** The leases that it held, those first that it was offered first. */
  readonly held: readonly string[];
  /** Whether one of them belonged to an earlier instance. */
  readonly hasInherited: boolean;
}

/** To be asked before the decision. */
export function beforeOf({ agents, jobs }: BrokerState, input: object): Before | null {
  const cancelled = "jobId" in input ? jobs.get(input.jobId as string) : undefined;
  const caller = "caller" in input ? (input.caller as Caller) : cancelled?.grant;
  const agent = agents.get(caller?.agentId ?? "");
  if (agent === undefined) return null;
  const { instanceId, standing, state, slotsFree } = agent;
  if (agent.held.size === 0) return { instanceId, standing, state, slotsFree, held: none, hasInherited: false };
  let hasInherited = false;
  for (const { grant } of agent.held.values()) if (grant?.instanceId !== instanceId) hasInherited = true;
  return { instanceId, standing, state, slotsFree, held: [...agent.held.keys()], hasInherited };
}

/** The agent that calls, which may. */
export function callerOf({ agents }: BrokerState, { agentId, instanceId }: Caller): KnownAgent {
  const agent = present(agents.get(agentId), "who is heard is known");
  assert(agent.instanceId === instanceId, "who is heard is the latest instance");
  return agent;
}
