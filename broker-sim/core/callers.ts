import { sometimes } from "../../foundation/sometimes.ts";
import type { BrokerState } from "./broker-state.ts";
import { type Caller, type Refusal, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";

/** The agent that signed a request, if it may act: known, not revoked, and the process start that enrolled last. */
export function admit(state: BrokerState, caller: Caller): { readonly ok: true; readonly agent: KnownAgent } | Refusal {
  const agent = state.agents.get(caller.agentId);
  if (agent === undefined) return refuse("unknown-agent", "This broker does not know the agent; enrol first.");
  if (agent.standing === "revoked") return refuse("revoked", "The agent's key is revoked; join again with a new key.");
  if (agent.instanceId !== caller.instanceId) {
    sometimes("a call of an earlier instance was fenced");
    return refuse("fenced", "A later instance of this agent has enrolled; this one has no say any more.");
  }
  return { ok: true, agent };
}
