import { sometimes } from "../../foundation/sometimes.ts";
import { brokerLimits } from "./broker-limits.ts";
import { turnedAway } from "./drain.ts";
import { requeueJob } from "./grants.ts";
import { type BrokerInput, type BrokerResponse, refuse } from "./inputs.ts";
import { KnownAgent } from "./known-agent.ts";
import { type Turn, persistAgent, record } from "./turn.ts";

/**
 * Takes an agent in, or a later instance of one that is known. A known key needs no join token: it proved possession.
 * The instance before is fenced from here on; its leases go to the new one if that names them in its first heartbeat.
 */
export function enrol(turn: Turn, input: BrokerInput<"enrol">): BrokerResponse<"enrol"> {
  const { state, nowMs } = turn;
  const { caller, message } = input;
  const known = state.agents.get(caller.agentId);
  if (known?.standing === "revoked") {
    sometimes("a revoked key tried to enrol");
    return refuse("revoked", "This key is revoked for good; join with a new one.");
  }
  const closed = turnedAway(state, caller.agentId);
  if (closed !== null) return closed;
  if (known === undefined && !input.joinTokenMatches) {
    return refuse("bad-join-token", "The join token is not this broker's; ask its operator for the current one.");
  }
  if (!input.revocationVerified) {
    return refuse("bad-signature", "The revocation is not signed with the key that it revokes.");
  }
  if (known === undefined && state.agents.size >= brokerLimits.agentsMax) {
    return refuse("full", `The broker knows ${brokerLimits.agentsMax} agents, which is its limit.`);
  }
  const agent = known ?? newAgent(turn, input);
  if (agent.instanceId !== caller.instanceId) startInstance(turn, agent, caller.instanceId);
  agent.slots = message.slots;
  agent.revocation = message.revocation;
  agent.standing = "active";
  agent.lastSeenAt = nowMs;
  agent.lostAt = null;
  state.alarms.ensureAgent(agent, nowMs + state.timing.activityTimeoutMs);
  persistAgent(turn, agent);
  record(turn, "broker.enrolled", { ...caller, again: known !== undefined });
  return { ok: true, answer: { agentId: agent.agentId, brokerTimeMs: nowMs, timing: state.timing } };
}

/** Offers that nobody will answer go back at once (docs/cases.md, case 7). */
export function takeBackOffers(turn: Turn, agent: KnownAgent): void {
  for (const job of [...agent.held.values()].reverse()) {
    if (job.state !== "offered") continue;
    sometimes("an offer was taken back from an agent that takes no work");
    requeueJob(turn, job, { how: "declined", reason: "the agent takes no work now" });
  }
}

/** Nobody knows yet what it can take, nor hears it. */
function startInstance(turn: Turn, agent: KnownAgent, instanceId: string): void {
  turn.effects.push({ kind: "new-instance", agentId: agent.agentId, instanceId });
  takeBackOffers(turn, agent);
  turn.state.hungry.delete(agent);
  // What the instance before could not start this one may: somebody may have mended its host in between.
  agent.forgetUnstartable(Infinity);
  agent.instanceId = instanceId;
  agent.isConnected = false;
  agent.state = "Idle";
  agent.slotsFree = 0;
}

function newAgent(turn: Turn, { caller, message }: BrokerInput<"enrol">): KnownAgent {
  const agent = new KnownAgent({
    agentId: caller.agentId,
    publicKey: message.publicKey,
    revocation: message.revocation,
    instanceId: caller.instanceId,
    standing: "active",
    state: "Idle",
    slots: message.slots,
    slotsFree: 0,
    resources: null,
    enrolledAt: turn.nowMs,
    lastSeenAt: turn.nowMs,
    lostAt: null,
    revokedAt: null,
  });
  turn.state.agents.set(agent.agentId, agent);
  return agent;
}
