import type { AgentEffect } from "../core/effect.ts";
import type { BrokerOutcome } from "../core/outcome.ts";
import type { AgentContext, BrokerLink } from "./agent-context.ts";
import { outcomeOf } from "./broker-error.ts";
import { isFull } from "./home-room.ts";
import { hostResources } from "./resources.ts";
import { uploadCheckpoint } from "./upload-checkpoint.ts";

type Effect<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;

const kinds = [
  "enrol",
  "openEvents",
  "heartbeat",
  "accept",
  "decline",
  "complete",
  "returnLease",
  "uploadCheckpoint",
  "reportProgress",
  "notifyPaused",
  "notifyResumed",
  "notifyShutdown",
  "withdraw",
  "probeRevocation",
] as const;
export type BrokerEffect = Effect<(typeof kinds)[number]>;

export function isBrokerEffect(effect: AgentEffect): effect is BrokerEffect {
  return (kinds as readonly string[]).includes(effect.kind);
}

/** Says something to the broker, and hands its answer to the core. Whoever has no key has nothing to say. */
export function performBrokerEffect(context: AgentContext, effect: BrokerEffect): void {
  const { broker } = context;
  if (broker === null) return;
  if (effect.kind === "openEvents") broker.events.open();
  else context.call(say(context, broker, effect));
}

async function say(context: AgentContext, broker: BrokerLink, effect: BrokerEffect): Promise<void> {
  const { client, identity } = broker;
  const { see } = context;
  switch (effect.kind) {
    case "enrol":
      return see(await enrol(context, broker, effect));
    case "heartbeat":
      return await heartbeat(context, broker, effect);
    case "accept": {
      if (isFull(context.home)) return await refuseForRoom(context, broker, effect);
      const outcome = await outcomeOf(client.accept(effect.leaseId, effect.epoch));
      return see({ type: "acceptAnswered", leaseId: effect.leaseId, outcome });
    }
    case "decline":
      await outcomeOf(client.decline(effect.leaseId, effect));
      return;
    case "complete": {
      const outcome = await outcomeOf(client.complete(effect.leaseId, effect.body));
      return see({ type: "completeAnswered", leaseId: effect.leaseId, outcome });
    }
    case "returnLease": {
      const outcome = await outcomeOf(client.returnLease(effect.handBack, effect));
      return see({ type: "returnAnswered", leaseId: effect.handBack.leaseId, outcome });
    }
    case "uploadCheckpoint": {
      const { leaseId, generation } = effect;
      const outcome = await upload(context, broker, effect);
      return see({ type: "uploadAnswered", leaseId, generation, outcome });
    }
    case "reportProgress": {
      const { leaseId, generation, epoch, checkpoint } = effect;
      const outcome = await outcomeOf(client.progress(leaseId, { epoch, progress: checkpoint.progress, checkpoint }));
      return see({ type: "progressAnswered", leaseId, generation, outcome });
    }
    case "notifyPaused":
      return see({
        type: "pausedAnswered",
        generation: effect.generation,
        outcome: await outcomeOf(client.paused(effect.body)),
      });
    case "notifyResumed":
      await outcomeOf(client.resumed(effect.reason));
      return;
    case "notifyShutdown": {
      const body = { reason: effect.reason, handedBack: [...effect.handedBack] };
      const outcome = await outcomeOf(client.shutdown(body, effect.timeoutMs));
      return see({ type: "shutdownAnswered", outcome });
    }
    case "withdraw": {
      const body = { handedBack: [...effect.handedBack], revocation: identity.revocation };
      return see({ type: "withdrawAnswered", outcome: await outcomeOf(client.withdraw(body, effect.timeoutMs)) });
    }
    case "probeRevocation":
      return see({ type: "revocationProbed", outcome: await probe(context, broker, effect) });
    case "openEvents":
      return;
  }
}

async function enrol({ checkpointIntervalMs }: AgentContext, broker: BrokerLink, { slots }: Effect<"enrol">) {
  const { client, identity, joinTokens } = broker;
  const { publicKey, revocation } = identity;
  const [first = "", ...others] = joinTokens;
  let outcome = await outcomeOf(client.enrol({ joinToken: first, publicKey, slots, revocation }));
  for (const joinToken of others) {
    if (outcome.ok || outcome.code !== "bad-join-token") break;
    outcome = await outcomeOf(client.enrol({ joinToken, publicKey, slots, revocation }));
  }
  if (outcome.ok && checkpointIntervalMs !== null) outcome.value.timing.checkpointIntervalMs = checkpointIntervalMs;
  return { type: "enrolAnswered", outcome } as const;
}

/** No more jobs while the disk has no room for them: nothing is written down for one, and others may have it. */
async function refuseForRoom(
  { see }: AgentContext,
  { client }: BrokerLink,
  { leaseId, epoch }: Effect<"accept">,
): Promise<void> {
  const message = "the disk is full on this host";
  await outcomeOf(client.decline(leaseId, { epoch, reason: message, startFailed: true }));
  see({ type: "acceptAnswered", leaseId, outcome: { ok: false, code: "offer-lapsed", retriable: false, message } });
}

async function heartbeat(context: AgentContext, { client, events }: BrokerLink, { request }: Effect<"heartbeat">) {
  const { clock, files, home, see } = context;
  const leases = request.leases.map((lease) => {
    if (lease.execution !== "running") return lease;
    return {
      ...lease,
      progress: Math.max(lease.progress, files.progress(lease.leaseId)),
    };
  });
  const sentAtMs = clock.nowMs();
  const slotsFree = isFull(home) ? 0 : request.slotsFree;
  const outcome = await outcomeOf(client.heartbeat({ ...request, slotsFree, leases, resources: hostResources() }));
  if (outcome.ok) events.nudge();
  see({ type: "heartbeatAnswered", outcome, sentAtMs });
}

async function upload(
  { files, state }: AgentContext,
  { client }: BrokerLink,
  { leaseId, generation, reference }: Effect<"uploadCheckpoint">,
): Promise<BrokerOutcome<unknown>> {
  const jobId = state().leases[leaseId]?.jobId ?? "";
  const paths = files.checkpointFiles({ leaseId, jobId, generation }, reference);
  const isWanted = (): boolean => state().leases[leaseId]?.checkpoint?.generation === generation;
  return await uploadCheckpoint({ client, leaseId, reference, paths, isWanted });
}

/** A plain heartbeat that offers nothing and holds nothing; a dead key's is refused. */
async function probe({ state }: AgentContext, { client }: BrokerLink, { timeoutMs }: Effect<"probeRevocation">) {
  const { slots } = state();
  const request = { state: "Withdrawing", slots, slotsFree: 0, resources: hostResources(), leases: [] } as const;
  return await outcomeOf(client.heartbeat({ ...request, leases: [] }, timeoutMs));
}
