import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { BrokerInputType, BrokerResponse, Caller } from "../../../broker-sim/core/inputs.ts";
import type { KnownAgent } from "../../../broker-sim/core/known-agent.ts";
import { uploadIdOf } from "../../../broker-sim/core/upload-list.ts";
import { assert, present } from "../../../foundation/assert.ts";
import { auditDrain } from "./audit-drain.ts";
import { auditExecutions, auditKill, auditRefusedCommand, auditSpawn } from "./audit-executions.ts";
import { auditHeartbeat } from "./audit-heartbeat.ts";
import { auditHints, auditHunger } from "./audit-hints.ts";
import { auditReleases } from "./audit-releases.ts";
import { callerOf, type Decided } from "./decided.ts";
import {
  auditEnd,
  auditHandBack,
  auditLease,
  auditLeaseRefusal,
  auditSaved,
  auditUnstartable,
} from "./audit-leases.ts";

type Answer<T extends BrokerInputType> = Extract<BrokerResponse<T>, { ok: true }>["answer"];

/**
 * Looks at one decision of the broker from the outside: whoever was told yes has what was asked for, whoever was refused
 * was refused for what is so (protocol/messages.ts), and whoever can take work hears of it.
 *
 * @throws AssertionError when not
 */
export function auditDecision<T extends BrokerInputType>(decided: Decided<T>, response: BrokerResponse<T>): void {
  const { input } = decided;
  auditHints(decided);
  auditReleases(decided);
  auditStandings(decided);
  auditExecutions(decided);
  auditDrain(decided, response);
  if (response.ok) audits[input.type]?.(decided, response.answer);
  else if (input.type === "federated") auditRefusedCommand(decided);
  else if ("caller" in input) auditRefusal(decided, input.caller, response.code);
}

type Audit<T extends BrokerInputType> = (decided: Decided<T>, answer: Answer<T>) => void;

const audits: { readonly [T in BrokerInputType]?: Audit<T> } = {
  enrol: ({ state, input: { caller, message }, before, effects }) => {
    const agent = callerOf(state, caller);
    for (const { entry } of effects.filter(isHistory)) {
      if (entry.type === "broker.enrolled")
        assert(entry.data.again === (before !== null), "who was known enrols again");
    }
    assert(agent.standing === "active", "who enrols is active");
    assert(agent.slots === message.slots, "who enrols has the slots that it names");
    assert(agent.revocation === message.revocation, "the revocation of an enrolment is kept");
    assert(agent.lastSeenAt === state.nowMs, "who enrols is seen");
    const isNew = effects.some(({ kind }) => kind === "new-instance");
    const wasAnother = before !== null && before.instanceId !== caller.instanceId;
    assert(isNew === wasAnother, "an instance begins with its first enrolment");
    if (!isNew) return;
    assertTakesNothing(agent);
    assert(!agent.isConnected, "an instance that begins has no event stream yet");
  },
  heartbeat: auditHeartbeat,
  connected: ({ state, input, effects }) => {
    const agent = callerOf(state, input.caller);
    assert(agent.isConnected, "who opened a stream is connected");
    auditHunger(agent, { state, effects });
  },
  disconnected: ({ state, input }) => {
    assert(state.agents.get(input.agentId)?.isConnected !== true, "whose stream ended is not connected");
  },
  accept: auditLease,
  decline: (decided) => {
    const { state, input, effects } = decided;
    const agent = callerOf(state, input.caller);
    assert(!agent.held.has(input.leaseId), "what was declined is held no longer");
    assertNotAsked(agent, effects);
    auditUnstartable(decided);
  },
  progress: ({ state, input: { caller, leaseId, message } }) => {
    const job = present(callerOf(state, caller).held.get(leaseId), "who tells of progress holds the lease");
    auditSaved(state, job, message);
  },
  complete: auditEnd,
  return: (decided) => {
    const agent = callerOf(decided.state, decided.input.caller);
    auditHandBack(decided, { leaseId: decided.input.leaseId, ...decided.input.message });
    assertNotAsked(agent, decided.effects);
    auditUnstartable(decided);
  },
  paused: ({ state, input: { caller, message }, effects }) => {
    const agent = callerOf(state, caller);
    assert(agent.state === "Paused", "who has paused is paused");
    assertTakesNothing(agent);
    let saved = 0;
    for (const entry of message.checkpoints) {
      const job = agent.held.get(entry.leaseId);
      if (job?.state === "leased" && auditSaved(state, job, entry)) saved += 1;
    }
    for (const { entry } of effects.filter(isHistory)) {
      if (entry.type !== "broker.pause-acknowledged") continue;
      assert(entry.data.checkpoints === saved, "a pause is acknowledged with the checkpoints that are saved (I8)");
    }
  },
  resumed: ({ state, input, effects }) => {
    const agent = callerOf(state, input.caller);
    assert(agent.state === (agent.held.size > 0 ? "Working" : "Idle"), "who has resumed works if it has work");
    assert(agent.slotsFree === Math.max(0, agent.slots - agent.held.size), "who has resumed takes work again");
    auditHunger(agent, { state, effects });
  },
  shutdown: (decided) => {
    const agent = callerOf(decided.state, decided.input.caller);
    assert(agent.standing === "shutdown", "who has shut down is away");
    assertTakesNothing(agent);
    for (const entry of decided.input.message.handedBack) auditHandBack(decided, entry);
  },
  withdraw: (decided, { revokedAt }) => {
    const { state, input } = decided;
    const agent = callerOf(state, input.caller);
    assert(agent.standing === "revoked" && agent.state === "Withdrawn", "who has withdrawn is revoked");
    assert(agent.revocation === input.message.revocation, "the revocation of a withdrawal is kept");
    assert(agent.revokedAt === revokedAt && revokedAt === state.nowMs, "a withdrawal is answered with its time");
    assertTakesNothing(agent);
    for (const entry of input.message.handedBack) auditHandBack(decided, entry);
  },
  "upload-asked": ({ state, input: { caller, leaseId, digest } }, { offset, complete }) => {
    assert(callerOf(state, caller).held.has(leaseId), "whoever is told of an upload holds its lease");
    if (complete) return assertKept(state, { digest, bytes: offset });
    const upload = state.uploads.get(uploadIdOf({ agentId: caller.agentId, leaseId, digest }));
    assert(offset === (upload?.bytes ?? 0), "whoever asks is told how much is there");
  },
  "upload-chunk": ({ state, input: { caller, leaseId, digest, chunk } }, { offset, complete, take }) => {
    assert(callerOf(state, caller).held.has(leaseId), "whoever uploads holds the lease");
    assert(take !== complete, "what is there as a whole is taken no more");
    if (complete) return assertKept(state, { digest, bytes: offset });
    const upload = state.uploads.get(uploadIdOf({ agentId: caller.agentId, leaseId, digest }));
    assert(upload?.bytes === chunk.offset, "a chunk is taken at exactly the offset that is there");
  },
  "upload-stored": ({ state, input: { digest, bytes, measured } }, { offset, complete }) => {
    assert(offset === bytes, "what is stored is told");
    assert(complete === (measured !== null), "an upload is whole when its digest was measured");
    if (complete) assertKept(state, { digest, bytes });
  },
  submit: ({ state, input, effects }, { jobIds }) => {
    assert(jobIds.length === input.jobs.length, "each job that is taken has an id");
    for (const jobId of jobIds) {
      assert(state.queue.has(jobId), "what was submitted is queued");
      assert(
        effects.some((effect) => isOfJob(effect, jobId)),
        "what was submitted is told",
      );
    }
  },
  spawn: auditSpawn,
  kill: auditKill,
  cancel: ({ state, input: { jobId }, before, effects }) => {
    assert(state.jobs.get(jobId)?.state === "cancelled", "what was cancelled is cancelled");
    const wasLeased = effects.some((one) => isOfJob(one, jobId) && one.entry.data.from === "leased");
    for (const effect of effects) {
      if (effect.kind !== "history" || effect.entry.type !== "broker.released") continue;
      const { agentId, leaseId, how } = effect.entry.data;
      if (how !== "cancelled") continue;
      assert(isToldOf(effects, { agentId, leaseId }), "who holds what is cancelled is told");
      const freed = (state.agents.get(agentId)?.slotsFree ?? 0) - (before?.slotsFree ?? 0);
      if (wasLeased) assert(freed <= 0, "the slot of a job that runs is free when its agent says so");
    }
  },
};

/** Whoever brought it has the time to refer to it. */
function assertKept(state: BrokerState, { digest, bytes }: { digest: string; bytes: number }): void {
  const blob = present(state.blobs.get(digest), "a blob that is told to be there is known");
  assert(blob.bytes === bytes, "a blob has the size that is told");
  assert(blob.keepUntilMs === state.nowMs + state.timing.leaseTtlMs, "a blob that was brought is kept for a while");
}

/** A standing is told when it changes. */
function auditStandings({ input, before, effects }: Decided): void {
  if (before === null || !("caller" in input)) return;
  let last = before.standing;
  for (const effect of effects) {
    if (!isHistory(effect) || effect.entry.type !== "broker.agent") continue;
    const { agentId, standing } = effect.entry.data;
    if (agentId !== input.caller.agentId) continue;
    assert(standing !== last, "who stands as before is not told of anew");
    last = standing;
  }
}

/** No refusal of an agent's call names a reason that is not so. */
function auditRefusal(decided: Decided, { agentId, instanceId }: Caller, code: string): void {
  const { state, input } = decided;
  const agent = state.agents.get(agentId);
  if (code === "bad-join-token") assert(agent === undefined, "who is known needs no token");
  if (code === "revoked") assert(agent?.standing === "revoked", "who is called revoked is revoked");
  if (input.type === "enrol") return;
  assert((agent === undefined) === (code === "unknown-agent"), "who is called unknown is unknown");
  if (agent === undefined) return;
  assert((agent.standing === "revoked") === (code === "revoked"), "who is revoked hears that");
  if (agent.standing === "revoked") return;
  if (agent.instanceId !== instanceId) assert(code === "fenced", "an earlier instance is fenced");
  else if ("leaseId" in input) auditLeaseRefusal({ ...decided, input }, { agent, code });
  else if (input.type === "heartbeat") assert(agent.standing === "shutdown", "only who has shut down is not heard");
}

function assertTakesNothing(agent: KnownAgent): void {
  assert(agent.slotsFree === 0, "who takes no work has no free slot");
  for (const { state } of agent.held.values()) assert(state !== "offered", "who takes no work has no open offer");
}

/** Whoever says no is not asked again before its next heartbeat. */
function assertNotAsked(agent: KnownAgent, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.kind === "history" && effect.entry.type === "broker.released") {
      assert(!agent.inLine, "who gave work back does not wait for more");
    }
    const hints = effect.kind === "push" && effect.event.event === "work_available";
    assert(!hints || effect.agentId !== agent.agentId, "who gave work back is not asked at once");
  }
}

type HistoryEffect = Extract<Effect, { kind: "history" }>;
type JobEffect = HistoryEffect & { entry: Extract<HistoryEffect["entry"], { type: "broker.job" }> };

function isHistory(effect: Effect): effect is Extract<Effect, { kind: "history" }> {
  return effect.kind === "history";
}

function isOfJob(effect: Effect, jobId: string): effect is JobEffect {
  return effect.kind === "history" && effect.entry.type === "broker.job" && effect.entry.data.jobId === jobId;
}

function isToldOf(effects: readonly Effect[], { agentId, leaseId }: { agentId: string; leaseId: string }): boolean {
  return effects.some(
    (effect) =>
      effect.kind === "push" &&
      effect.agentId === agentId &&
      effect.event.event === "lease_revoked" &&
      effect.event.data.leaseId === leaseId,
  );
}
