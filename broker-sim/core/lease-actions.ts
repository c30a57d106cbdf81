import { present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { CheckpointReference } from "../../protocol/messages.ts";
import { admit } from "./callers.ts";
import { checkpointProblem, isOvertaken } from "./checkpoints.ts";
import { leaseJob, noteProgress, redeliverJob, requeueJob, settleJob } from "./grants.ts";
import { type BrokerInput, type BrokerResponse, type Caller, type Refusal, acknowledged, refuse } from "./inputs.ts";
import type { KnownAgent } from "./known-agent.ts";
import { jobOfLease } from "./lease-id.ts";
import type { JobRecord } from "./records.ts";
import type { Turn } from "./turn.ts";
import { leaveToOthers } from "./unstartable.ts";
import { hungerOf } from "./work-hints.ts";

/** Turns an offer into a lease. A repeat (the answer was lost) gets the same lease again. */
export function accept(turn: Turn, input: BrokerInput<"accept">): BrokerResponse<"accept"> {
  const call = leaseCall(turn, input);
  if (!call.ok) return call;
  if (!call.held) sometimes("an accept found its offer lapsed");
  if (!call.held) return refuse("offer-lapsed", `The offer ${input.leaseId} is not open any more.`);
  if (call.job.state === "leased") sometimes("an accept was repeated and answered alike");
  const grant = call.job.state === "offered" ? leaseJob(turn, call.job) : call.job.grant;
  return { ok: true, answer: { expiresAt: present(grant, "a leased job has a grant").expiresAt } };
}

/** Gives an offer back at once, or a lease whose acceptance the agent never heard of. */
export function decline(turn: Turn, input: BrokerInput<"decline">): BrokerResponse<"decline"> {
  const call = leaseCall(turn, input);
  if (!call.ok) return call;
  if (!call.held) return refuse("offer-lapsed", `The offer ${input.leaseId} is not open any more.`);
  const how = call.job.state === "offered" ? "declined" : "handed-back";
  // Whoever says no is not asked again until its next heartbeat.
  turn.state.hungry.delete(call.agent);
  const { reason, startFailed = false } = input.message;
  // One that cannot be started there is not put before those that can.
  requeueJob(turn, call.job, { how, reason: `declined: ${reason}`, behind: startFailed });
  if (startFailed) leaveToOthers(turn, call.agent, call.job);
  return acknowledged;
}

/** Notes how far a job got; with a checkpoint, from where it goes on if its agent is lost. */
export function progress(turn: Turn, input: BrokerInput<"progress">): BrokerResponse<"progress"> {
  const call = leaseCall(turn, input);
  if (!call.ok) return call;
  if (!isLeased(call)) return fenced(input.leaseId, call.job);
  const { progress, checkpoint } = input.message;
  const isTold = checkpoint !== undefined && !isOvertaken(call.job, checkpoint);
  const problem = isTold ? checkpointProblem(turn.state, checkpoint) : undefined;
  if (problem !== undefined) {
    sometimes("a checkpoint was refused because its blobs were not there");
    return refuse("unknown-checkpoint", `The checkpoint cannot be used: ${problem}. Upload its blobs first.`);
  }
  noteProgress(turn, call.job, { progress, checkpoint });
  return acknowledged;
}

/** Takes a job's end, once (I3). A repeat of the same is answered alike; one under an old grant is fenced (I2). */
export function complete(turn: Turn, input: BrokerInput<"complete">): BrokerResponse<"complete"> {
  const call = leaseCall(turn, input);
  if (!call.ok) return call;
  const { job, agent } = call;
  const { outcome, exitCode, error = null, result = null, progress } = input.message;
  if (job.settledBy?.leaseId === input.leaseId && job.settledBy.agentId === agent.agentId) {
    const known = [job.state, job.exitCode, job.error, job.result, job.progress];
    const told = [outcome, exitCode, error, result, progress];
    const same = known.every((value, index) => value === told[index]);
    sometimes(same ? "a completion was repeated and answered alike" : "a completion was repeated with another result");
    if (same) return acknowledged;
    return refuse("job-settled", `The job is ${job.state} already, with another result.`);
  }
  if (!isLeased(call)) {
    sometimes("a completion was fenced");
    return fenced(input.leaseId, job);
  }
  noteProgress(turn, job, { progress, checkpoint: undefined });
  const settledBy = { leaseId: input.leaseId, agentId: agent.agentId };
  const reason = `its agent says that it ${outcome}${error === null ? "" : `: ${error}`}`;
  settleJob(turn, job, { state: outcome, how: outcome, reason, exitCode, error, result, settledBy });
  hungerOf(turn, agent);
  return acknowledged;
}

/**
 * Takes a lease back before its job ended. The donor's doing, so it does not count against the job; a start that failed
 * does, and so does the death of its agent while it ran.
 */
export function returnLease(turn: Turn, input: BrokerInput<"return">): BrokerResponse<"return"> {
  const call = leaseCall(turn, input);
  if (!call.ok) return call;
  const { job, agent } = call;
  if (!call.held) {
    if (job.handedBackLease === input.leaseId) {
      sometimes("a hand-back was repeated and answered alike");
      return acknowledged;
    }
    return fenced(input.leaseId, job);
  }
  const { progress, checkpoint, reason, startFailed, agentDied } = input.message;
  turn.state.hungry.delete(agent);
  // The agent never heard whether its acceptance got through; here it did not.
  if (job.state === "offered") requeueJob(turn, job, { how: "declined", reason: `declined: ${reason}` });
  else handBackJob(turn, job, { progress, checkpoint, reason, startFailed, agentDied });
  if (startFailed === true) leaveToOthers(turn, agent, job);
  return acknowledged;
}

/**
 * Ends a lease as its holder asked; the job goes on from the checkpoint, at the front of the queue. Giving work back
 * never fails for a checkpoint that did not arrive: the one before stays.
 */
export function handBackJob(
  turn: Turn,
  job: JobRecord,
  {
    progress,
    checkpoint,
    reason,
    startFailed = false,
    agentDied = false,
  }: {
    progress: number;
    checkpoint: CheckpointReference | undefined;
    reason: string;
    startFailed?: boolean | undefined;
    agentDied?: boolean | undefined;
  },
): void {
  const problem = noteProgress(turn, job, { progress, checkpoint });
  if (problem !== undefined) sometimes("a hand-back came without its last checkpoint");
  job.handedBackReason = `${reason}${problem === undefined ? "" : ` (without its last checkpoint: ${problem})`}`;
  job.handedBackLease = present(job.grant, "a lease that is handed back is held").leaseId;
  const requeue = { how: "handed-back", reason: `handed back: ${job.handedBackReason}` } as const;
  if (startFailed) redeliverJob(turn, job, { ...requeue, behind: true });
  else if (agentDied) redeliverJob(turn, job, requeue);
  else requeueJob(turn, job, requeue);
}

interface LeaseCall {
  readonly ok: true;
  readonly agent: KnownAgent;
  readonly job: JobRecord;
  /** Whether the caller holds this very offer or lease. */
  readonly held: boolean;
}

function leaseCall(
  turn: Turn,
  input: { readonly caller: Caller; readonly leaseId: string; readonly message: { readonly epoch: number } },
): LeaseCall | Refusal {
  const admitted = admit(turn.state, input.caller);
  if (!admitted.ok) return admitted;
  const { agent } = admitted;
  const own = agent.held.get(input.leaseId);
  // One that the caller does not hold (any more).
  const job = own ?? turn.state.jobs.get(jobOfLease(input.leaseId));
  if (job === undefined) return refuse("unknown-lease", `This broker knows no lease ${input.leaseId}.`);
  const grant = own?.grant ?? null;
  const held = grant !== null && grant.epoch === input.message.epoch;
  if (held && grant.instanceId !== agent.instanceId) sometimes("a later instance acted on an inherited lease");
  return { ok: true, agent, job, held };
}

function isLeased({ held, job }: LeaseCall): boolean {
  return held && job.state === "leased";
}

function fenced(leaseId: string, job: JobRecord): Refusal {
  return refuse("fenced", `The lease ${leaseId} is not live; its job is ${job.state} and its epoch ${job.epoch}.`);
}
