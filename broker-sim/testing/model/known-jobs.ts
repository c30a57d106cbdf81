import { strict as assert } from "node:assert";

import { isTerminalJob, type JobState } from "../../../protocol/job-states.ts";
import type { CheckpointReference, Lease } from "../../../protocol/messages.ts";
import { modelTiming } from "./broker-body.ts";

/** To whom a job is offered or leased. */
export interface Holder {
  readonly agent: string;
  /** The process start that holds it. */
  instance: string;
  readonly leaseId: string;
  readonly epoch: number;
  expiresAt: number;
}

/** A job as it must be. */
export interface ModelJob {
  readonly jobId: string;
  readonly redeliveriesMax: number;
  state: JobState;
  holder: Holder | null;
  redeliveries: number;
  /** Between which moments it may be offered again, after it was lost with its holder; one, once the broker has said. */
  waits: { readonly leastMs: number; readonly mostMs: number } | null;
  checkpoint: CheckpointReference | null;
  /** The lease handed back last. */
  handedBack: string | null;
  /** Under which lease its agent ended it, and with what result. */
  ended: { readonly agent: string; readonly leaseId: string; readonly result: string } | null;
}

/** What a restored copy of the store brings back with it. */
export interface Known {
  readonly jobs: Map<string, ModelJob>;
  /** The process start that each agent enrolled with last. */
  readonly instances: Map<string, string>;
  /** By the broker's own history: who holds each job, and which have ended. */
  readonly live: Map<string, string>;
  readonly over: Set<string>;
}

/** One process start of an agent, and every offer that the agent ever heard of, the stale ones included. */
export interface Actor {
  readonly number: number;
  readonly agentId: string;
  readonly slots: number;
  instanceId: string;
  starts: number;
  readonly heard: Lease[];
}

export function nothingKnown(): Known {
  return { jobs: new Map(), instances: new Map(), live: new Map(), over: new Set() };
}

export function heldOf(known: Known, { agentId }: Pick<Actor, "agentId">): ModelJob[] {
  return [...known.jobs.values()].filter(({ holder }) => holder?.agent === agentId);
}

/** The job that the agent holds by this very lease, under this very epoch. */
export function heldBy(
  known: Known,
  { agentId }: Pick<Actor, "agentId">,
  { jobId, leaseId, epoch }: Pick<Lease, "jobId" | "leaseId" | "epoch">,
): ModelJob | undefined {
  const job = known.jobs.get(jobId);
  const { holder } = job ?? { holder: null };
  return holder?.agent === agentId && holder.leaseId === leaseId && holder.epoch === epoch ? job : undefined;
}

export function mayBeOffered({ state, waits }: ModelJob, nowMs: number): boolean {
  return state === "queued" && (waits === null || waits.leastMs <= nowMs);
}

export function release(job: ModelJob): void {
  job.state = "queued";
  job.holder = null;
}

/** Its holder is gone with it; a job that outlives no holder fails in the end. */
export function redeliver(
  job: ModelJob,
  { nowMs, lostAtMs = nowMs }: { readonly nowMs: number; readonly lostAtMs?: number },
): void {
  release(job);
  if (job.redeliveries === job.redeliveriesMax) {
    job.state = "failed";
    return;
  }
  const { backoffMs, backoffMsMax } = modelTiming;
  const longestMs = Math.min(backoffMsMax, backoffMs * 2 ** job.redeliveries);
  job.redeliveries += 1;
  job.waits = { leastMs: lostAtMs + longestMs / 2, mostMs: nowMs + longestMs };
}

/** Offers lapse and leases are lost whose time is over. */
export function runDeadlines(known: Known, nowMs: number): void {
  for (const job of known.jobs.values()) {
    if (job.holder === null || job.holder.expiresAt > nowMs) continue;
    if (job.state === "offered") release(job);
    else redeliver(job, { nowMs, lostAtMs: job.holder.expiresAt });
  }
}

/** Follows the broker's own history, and throws where that breaks a rule. */
export function follow(known: Known, type: string, data: Readonly<Record<string, unknown>>): void {
  const { live, over } = known;
  const [jobId, leaseId] = [String(data["jobId"]), String(data["leaseId"])];
  if (type === "broker.offered") {
    assert.equal(live.get(jobId), undefined, `${jobId} has a holder, and is offered to another (I1)`);
    live.set(jobId, leaseId);
  } else if (type === "broker.leased") assert.equal(live.get(jobId), leaseId);
  else if (type === "broker.released") {
    assert.equal(live.get(jobId), leaseId, `${leaseId} ends twice`);
    live.delete(jobId);
  } else if (type === "broker.job") {
    assert.ok(!over.has(jobId), `${jobId} has ended, and goes on (I3, I4)`);
    if (isTerminalJob(data["to"] as JobState)) over.add(jobId);
  }
}
