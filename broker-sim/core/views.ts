import type { AgentView, JobView } from "../../protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import type { KnownAgent } from "./known-agent.ts";
import type { JobRecord } from "./records.ts";

/** A job as its submitter sees it. */
export function jobView(job: JobRecord): JobView {
  const { jobId, state, epoch, progress, checkpoint, handedBackReason, redeliveries, waitsUntil } = job;
  const { submittedAt, startedAt, completedAt, exitCode, error, result } = job;
  return {
    jobId,
    state,
    job: job.job,
    epoch,
    agentId: job.grant?.agentId ?? job.settledBy?.agentId ?? null,
    leaseId: job.grant?.leaseId ?? job.settledBy?.leaseId ?? null,
    progress,
    checkpoint,
    handedBackReason,
    redeliveries,
    waitsUntil,
    submittedAt,
    startedAt,
    completedAt,
    exitCode,
    error,
    result,
  };
}

/** An agent as the operator sees it. */
export function agentView(agent: KnownAgent): AgentView {
  const { agentId, instanceId, standing, slots, slotsFree, resources, enrolledAt, lastSeenAt } = agent;
  const leases = [...agent.held.keys()].sort();
  return {
    agentId,
    instanceId,
    standing,
    state: agent.state,
    slots,
    slotsFree,
    resources,
    leases,
    enrolledAt,
    lastSeenAt,
  };
}

/**
 * Whether a job failed without any agent saying so: it outlived its redeliveries, and is given up. What a job's own end
 * says, as its agent told it, is no such thing.
 */
export function isDead({ state, settledBy }: JobRecord): boolean {
  return state === "failed" && settledBy === null;
}

/** All jobs in the order in which they were submitted, or those alone that were given up. */
export function jobViews(state: BrokerState, { onlyDead = false } = {}): JobView[] {
  return [...state.jobs.values()]
    .filter((job) => !onlyDead || isDead(job))
    .map(jobView)
    .sort((a, b) => a.submittedAt - b.submittedAt || compareIds(a.jobId, b.jobId));
}

/** All agents in the order in which they enrolled. */
export function agentViews(state: BrokerState): AgentView[] {
  const views = [...state.agents.values()].map(agentView);
  return views.sort((a, b) => a.enrolledAt - b.enrolledAt || compareIds(a.agentId, b.agentId));
}

/** By length first, so that job-x-10 comes after job-x-9. */
function compareIds(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}
