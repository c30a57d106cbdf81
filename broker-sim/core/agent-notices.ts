import type { HandBack } from "../../protocol/messages.ts";
import { admit } from "./callers.ts";
import { takeBackOffers } from "./enrolment.ts";
import { noteProgress, requeueJob } from "./grants.ts";
import { type BrokerInput, type BrokerResponse, acknowledged, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";
import { handBackJob } from "./lease-actions.ts";
import type { JobRecord } from "./records.ts";
import { type Turn, persistAgent, record } from "./turn.ts";
import { renewHunger } from "./work-hints.ts";

/**
 * Every sandbox is frozen. A fact that the broker cannot veto: a checkpoint whose blobs have not arrived is left out,
 * and the pause stands.
 */
export function paused(turn: Turn, { caller, message }: BrokerInput<"paused">): BrokerResponse<"paused"> {
  const admitted = admit(turn.state, caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  takeBackOffers(turn, agent);
  agent.state = "Paused";
  agent.slotsFree = 0;
  turn.state.hungry.delete(agent);
  persistAgent(turn, agent);
  let checkpoints = 0;
  for (const entry of message.checkpoints) {
    const job = leasedJob(agent, entry);
    if (job === undefined) continue;
    const { progress, checkpoint } = entry;
    noteProgress(turn, job, { progress, checkpoint });
    if (checkpoint !== undefined && job.checkpoint?.manifestDigest === checkpoint.manifestDigest) checkpoints += 1;
  }
  record(turn, "broker.pause-acknowledged", { agentId: agent.agentId, freezeMs: message.freezeMs, checkpoints });
  return acknowledged;
}

/** The sandboxes go on; the next heartbeat says how many slots are free. */
export function resumed(turn: Turn, { caller }: BrokerInput<"resumed">): BrokerResponse<"resumed"> {
  const admitted = admit(turn.state, caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  const held = agent.held.size;
  agent.state = held > 0 ? "Working" : "Idle";
  agent.slotsFree = Math.max(0, agent.slots - held);
  persistAgent(turn, agent);
  renewHunger(turn, agent);
  return acknowledged;
}

/**
 * The process ends, the membership does not (EG-4), unless no later one comes for a very long time. Leases that it does not hand back stay until they expire: their
 * sandboxes may still run (docs/cases.md, case 46).
 */
export function shutdown(turn: Turn, { caller, message }: BrokerInput<"shutdown">): BrokerResponse<"shutdown"> {
  const admitted = admit(turn.state, caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  takeBackOffers(turn, agent);
  handBackAll(turn, agent, { entries: message.handedBack, reason: message.reason });
  agent.slotsFree = 0;
  turn.state.hungry.delete(agent);
  if (agent.standing === "shutdown") return acknowledged;
  agent.standing = "shutdown";
  agent.lostAt = null;
  agent.lastSeenAt = turn.nowMs;
  turn.state.alarms.ensureAgent(agent, turn.nowMs + turn.state.timing.revokeShutdownAfterMs);
  persistAgent(turn, agent);
  record(turn, "broker.agent", { agentId: agent.agentId, standing: "shutdown", reason: message.reason });
  return acknowledged;
}

/** Hands everything back and revokes the key, in one step (WC-4). */
export function withdraw(turn: Turn, input: BrokerInput<"withdraw">): BrokerResponse<"withdraw"> {
  const admitted = admit(turn.state, input.caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  if (!input.revocationVerified) return refuse("bad-signature", "The revocation is not signed with this agent's key.");
  agent.revocation = input.message.revocation;
  const leasesHandedBack = handBackAll(turn, agent, {
    entries: input.message.handedBack,
    reason: "its agent withdrew",
  });
  revoke(turn, agent, "it withdrew");
  agent.state = "Withdrawn";
  return { ok: true, answer: { revokedAt: turn.nowMs, leasesHandedBack } };
}

/** Ends a membership for good: whatever the agent still holds goes back, and its key is refused from now on (I7). */
export function revoke(turn: Turn, agent: KnownAgent, reason: string): void {
  takeBackOffers(turn, agent);
  for (const job of [...agent.held.values()].reverse()) {
    requeueJob(turn, job, { how: "revoked", reason: `its agent's key was revoked: ${reason}` });
  }
  agent.standing = "revoked";
  agent.revokedAt ??= turn.nowMs;
  agent.lostAt = null;
  agent.slotsFree = 0;
  agent.forgetUnstartable(Infinity);
  turn.state.hungry.delete(agent);
  agent.isConnected = false;
  persistAgent(turn, agent);
  turn.effects.push({ kind: "disconnect", agentId: agent.agentId });
  record(turn, "broker.agent", { agentId: agent.agentId, standing: "revoked", reason });
}

/**
 * Later entries go to the queue's front first, so that the jobs keep their order among themselves.
 *
 * @returns how many leases that ended
 */
function handBackAll(
  turn: Turn,
  agent: KnownAgent,
  { entries, reason }: { entries: readonly HandBack[]; reason: string },
): number {
  let ended = 0;
  for (const entry of [...entries].reverse()) {
    const job = leasedJob(agent, entry);
    if (job === undefined) continue;
    ended += 1;
    handBackJob(turn, job, { progress: entry.progress, checkpoint: entry.checkpoint, reason });
  }
  return ended;
}

/** The job of an entry if the agent holds that very lease; an entry of one that is gone by now changes nothing. */
function leasedJob(agent: KnownAgent, entry: HandBack): JobRecord | undefined {
  const job = agent.held.get(entry.leaseId);
  return job?.grant?.epoch === entry.epoch && job.state === "leased" ? job : undefined;
}
