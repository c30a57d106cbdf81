import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { BrokerInput, BrokerInputType, Caller } from "../../../broker-sim/core/inputs.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { assert, present } from "../../../foundation/assert.ts";

/** One decision of the broker, and what it knows after it. */
export interface Decided<T extends BrokerInputType = BrokerInputType> {
  readonly state: BrokerState;
  readonly input: BrokerInput<T>;
  /** What it knew of the agent that calls before; null where none does, or it knew nothing. */
  readonly before: Before | null;
  readonly effects: readonly Effect[];
}

const none: readonly never[] = [];

/** What an agent was before a decision about its call. */
export interface Before {
  readonly instanceId: string;
  readonly standing: KnownAgent["standing"];
  readonly state: KnownAgent["state"];
  /** The leases that it held, those first that it was offered first. */
  readonly held: readonly string[];
  /** Whether one of them belonged to an earlier instance. */
  readonly hasInherited: boolean;
}

/** To be asked before the decision. */
export function beforeOf({ agents }: BrokerState, input: object): Before | null {
  const agent = "caller" in input ? agents.get((input.caller as Caller).agentId) : undefined;
  if (agent === undefined) return null;
  const { instanceId, standing, state } = agent;
  if (agent.held.size === 0) return { instanceId, standing, state, held: none, hasInherited: false };
  const grants = [...agent.held.values()].map(({ grant }) => grant?.instanceId);
  const hasInherited = grants.some((one) => one !== instanceId);
  return { instanceId, standing, state, held: [...agent.held.keys()], hasInherited };
}

/** The agent that calls, which may. */
export function callerOf({ agents }: BrokerState, { agentId, instanceId }: Caller): KnownAgent {
  const agent = present(agents.get(agentId), "who is heard is known");
  assert(agent.instanceId === instanceId, "who is heard is the latest instance");
  return agent;
}
