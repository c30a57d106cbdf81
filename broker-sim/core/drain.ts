import { sometimes } from "../../foundation/sometimes.ts";
import type { BrokerState } from "./broker-state.ts";
import { type BrokerInput, type BrokerResponse, type Refusal, acknowledged, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";
import { type Turn, push, record } from "./turn.ts";

/**
 * Takes the broker out of service until its process ends: it lets its agents go, makes no offers, takes no new agents
 * and starts none. What its agents bring it takes as ever, offers that it made before may still be accepted, and jobs
 * that come in wait for its next start. Nothing of it is stored: a broker that starts is in service.
 */
export function drain(turn: Turn, { reason }: BrokerInput<"drain">): BrokerResponse<"drain"> {
  const { state } = turn;
  if (state.drained !== null) sometimes("a broker was drained again");
  state.drained = reason;
  record(turn, "broker.drained", { reason });
  for (const agent of state.agents.values()) {
    state.hungry.delete(agent);
    if (agent.isConnected) sayGoodbye(turn, agent, reason);
  }
  return acknowledged;
}

/** Says goodbye to an agent that has just opened its stream, if the broker is drained. */
export function greet(turn: Turn, agent: KnownAgent): void {
  const { drained } = turn.state;
  if (drained === null) return;
  sometimes("a drained broker said goodbye to one that came late");
  sayGoodbye(turn, agent, drained);
}

/**
 * Why an agent may not enrol, or null: a stranger would be sent away as soon as it is in. Whoever is known may come back
 * all the same, to hand back what it has or to withdraw, which only an instance can that has enrolled.
 */
export function turnedAway(state: BrokerState, agentId: string): Refusal | null {
  if (state.drained === null || state.agents.has(agentId)) return null;
  sometimes("a drained broker turned a stranger away");
  return takesNoAgents(state);
}

/** Why nobody new can join, or null. */
export function takesNoAgents({ drained }: BrokerState): Refusal | null {
  if (drained === null) return null;
  return refuse("out-of-service", `The broker is drained, and takes no new agents: ${drained}.`);
}

function sayGoodbye(turn: Turn, { agentId }: KnownAgent, reason: string): void {
  push(turn, agentId, { event: "goodbye", data: { reason } });
}
