import { limits } from "../../foundation/limits.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { JobSpec } from "../../protocol/messages.ts";
import { settleJob } from "./grants.ts";
import { type BrokerInput, type BrokerResponse, acknowledged, refuse } from "./inputs.ts";
import { type JobRecord, priorityOf } from "./records.ts";
import { type Turn, persistJob, push, record } from "./turn.ts";
import { enqueueJob } from "./work-hints.ts";

/** Takes jobs in, all or none. */
export function submit(turn: Turn, { jobs }: BrokerInput<"submit">): BrokerResponse<"submit"> {
  const { state } = turn;
  const live = state.jobs.size - state.settled.size;
  if (live + jobs.length > limits.jobsLiveMax) {
    return refuse(
      "full",
      `${live} jobs are not settled yet, and the limit is ${limits.jobsLiveMax}; submit fewer or later.`,
    );
  }
  return { ok: true, answer: { jobIds: jobs.map((job) => submitOne(turn, job).jobId) } };
}

/** Ends a job, wherever it is. Its holder is told at once, and by its next heartbeat's answer if that is missed. */
export function cancel(turn: Turn, { jobId }: BrokerInput<"cancel">): BrokerResponse<"cancel"> {
  const job = turn.state.jobs.get(jobId);
  if (job === undefined) return refuse("unknown-job", `This broker knows no job ${jobId}.`);
  if (job.state === "cancelled") return acknowledged;
  if (job.completedAt !== null) return refuse("job-settled", `The job is ${job.state} already.`);
  const reason = "cancelled by the operator";
  if (job.grant !== null) {
    const { agentId, leaseId, epoch } = job.grant;
    push(turn, agentId, { event: "lease_revoked", data: { leaseId, epoch, reason } });
  }
  if (job.state === "leased") sometimes("a job was cancelled while it was leased");
  settleJob(turn, job, { state: "cancelled", how: "cancelled", reason, error: reason });
  return acknowledged;
}

/** Sends an agent a command over its event stream; what it makes of it, its heartbeats tell. */
export function command(turn: Turn, { agentId, message }: BrokerInput<"command">): BrokerResponse<"command"> {
  const agent = turn.state.agents.get(agentId);
  if (agent === undefined) return refuse("unknown-agent", `This broker knows no agent ${agentId}.`);
  if (agent.standing === "revoked")
    return refuse("revoked", `The agent ${agentId} has withdrawn; nobody listens there.`);
  push(turn, agentId, { event: message.command, data: { reason: message.reason } });
  return acknowledged;
}

function submitOne(turn: Turn, spec: JobSpec): JobRecord {
  const { state, nowMs } = turn;
  state.jobsSubmitted += 1;
  const job: JobRecord = {
    jobId: `job-${state.boot}-${state.jobsSubmitted}`,
    queueOrder: state.queue.nextBack(),
    job: spec,
    state: "queued",
    epoch: 0,
    grant: null,
    progress: 0,
    checkpoint: null,
    handedBackReason: null,
    handedBackLease: null,
    redeliveries: 0,
    waitsUntil: null,
    submittedAt: nowMs,
    startedAt: null,
    completedAt: null,
    exitCode: null,
    error: null,
    result: null,
    settledBy: null,
  };
  state.jobs.set(job.jobId, job);
  persistJob(turn, job);
  const priority = priorityOf(job) === 0 ? {} : { priority: priorityOf(job) };
  record(turn, "broker.job", {
    jobId: job.jobId,
    from: null,
    to: "queued",
    epoch: 0,
    reason: "submitted",
    ...priority,
  });
  enqueueJob(turn, job);
  return job;
}
