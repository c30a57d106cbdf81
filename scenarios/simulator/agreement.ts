import type { TimerName } from "../../agent/core/input.ts";
import { intakeClosedBecause, isBusy, slotsFree } from "../../agent/core/lease-facts.ts";
import type { AgentCore } from "../../agent/core/state.ts";
import type { KnownAgent } from "../../broker-sim/core/known-agent.ts";
import type { AgentRecord } from "../../broker-sim/core/records.ts";
import type { PlanOptions } from "./plan/plan.ts";
import type { AgentBody } from "./world/agent-body.ts";
import type { BrokerBody } from "./world/broker-body.ts";

/** What is set in an agent that has nothing to do. */
const idleTimers: readonly TimerName[] = ["heartbeat"];

/**
 * In what an agent that has nothing left to do and its broker are not of one mind, as clauses without a subject: which
 * instance it is, what it does, what it can take, what it holds, and how each is to hear of the other next.
 */
export function* disagreements(
  body: AgentBody,
  { broker, options }: { broker: BrokerBody; options: PlanOptions },
): Generator<string> {
  const { state } = broker;
  const { core } = body;
  yield* unrest(core);
  yield* unrestOfTimers(body, options);
  if (body.unanswered > 0) yield `has not answered ${body.unanswered} wishes of its owner`;
  const known = state?.agents.get(body.host.agentId);
  if (state === null || known === undefined) {
    yield "is not known to the broker";
    return;
  }
  yield* differences(core, known);
  const { heartbeatIntervalMs, heartbeatJitterRatio } = options.timing;
  const wallMs = broker.wallMs ?? 0;
  const silentMs = wallMs - known.lastSeenAt;
  const silentMsMax = heartbeatIntervalMs * (1 + heartbeatJitterRatio) + options.latencyMsMax + 1;
  if (silentMs > silentMsMax) yield `has not been heard for ${silentMs} ms`;
  yield* otherHoldings(core, known);
  if (!body.stream.isOpen) yield "hears no events";
  else if (!known.isConnected) yield "hears events of a stream that the broker does not count";
  if (slotsFree(core) > 0 && state.queue.size === 0 && !known.inLine) yield "would not be woken for work";
  const offMs = core.brokerAheadMs - (wallMs - body.wallMs);
  // What it knows comes from a message that was under way for a while.
  if (offMs < 0 || offMs > options.latencyMsMax + 1)
    yield `takes the broker's clock to be ${offMs} ms ahead of what it is`;
}

/** What it would still do by itself. */
function* unrest(core: AgentCore): Generator<string> {
  const { agent, pause, cooperation, freeze } = core;
  const wanted = pause === null ? (isBusy(core) ? "Working" : "Idle") : "Paused";
  if (agent !== wanted) yield `is ${agent} instead of ${wanted}`;
  if (cooperation !== null) yield `waits for jobs before it freezes for a ${cooperation.purpose}`;
  if (pause === null && freeze !== null) yield `holds everything frozen for a ${freeze.purpose}`;
  if (pause !== null && pause.acknowledgement !== "done") yield "has not been heard about its pause";
  if (pause !== null && pause.waiting.length > 0) yield "has not answered who waits for its pause";
  if (pause === null && intakeClosedBecause(core) !== null) yield `takes no work: ${intakeClosedBecause(core)}`;
  if (!core.enrolmentSent) yield "does not know that it asked to be taken in";
  if (!core.enrolled || core.enrolCall !== "none") yield "is about to enrol";
  if (!core.brokerReachable) yield "takes the broker to be away";
  for (const lease of core.leaseList) {
    if (lease.stage === "broken") yield `has a broken slot by ${lease.leaseId}`;
    if (lease.report !== null || lease.reportInFlight) yield `has not been heard about ${lease.leaseId}`;
  }
}

/** Only what an idle agent wakes for is set, and that comes in time. */
function* unrestOfTimers({ timers, core }: AgentBody, { timing }: PlanOptions): Generator<string> {
  for (const name of timers.areSet) {
    if (idleTimers.includes(name)) continue;
    // A paused agent's jobs keep their leases.
    if (Object.keys(core.leases).length === 0 || name !== "leases") yield `waits for its timer ${name}`;
  }
  const inMs = timers.dueInMs("heartbeat");
  const mostMs = timing.heartbeatIntervalMs * (1 + timing.heartbeatJitterRatio);
  if (inMs > mostMs) yield `sends its next heartbeat in ${inMs} ms`;
}

function* differences(core: AgentCore, known: AgentRecord): Generator<string> {
  if (known.standing !== "active") yield `is ${known.standing} at the broker`;
  if (known.instanceId !== core.instanceId) yield `is heeded as its earlier instance ${known.instanceId}`;
  if (known.state !== core.agent) yield `is ${core.agent}, and ${known.state} at the broker`;
  if (known.slots !== core.slots) yield `has ${core.slots} slots, and ${known.slots} at the broker`;
  const free = slotsFree(core);
  if (known.slotsFree !== free) yield `has ${free} free slots, and ${known.slotsFree} at the broker`;
}

function* otherHoldings(core: AgentCore, { held }: KnownAgent): Generator<string> {
  for (const { leaseId, stage } of core.leaseList) {
    if (!held.has(leaseId)) yield `holds ${leaseId} (${stage}), of which the broker knows nothing`;
  }
  for (const leaseId of held.keys()) {
    if (core.leases[leaseId] === undefined) yield `does not know of ${leaseId}, which the broker counts as its own`;
  }
}
