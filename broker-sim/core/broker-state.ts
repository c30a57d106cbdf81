import { assert, present } from "../../foundation/assert.ts";
import type { Timing } from "../../protocol/timing.ts";
import { Alarms } from "./alarms.ts";
import { ArrivalOrder } from "./arrival-order.ts";
import type { ExecutionRecord } from "./executions/execution-record.ts";
import { type FederationRecord, type FederationState, startFederation } from "./federation/federation-records.ts";
import { isTerminalExecution } from "../../protocol/execution-states.ts";
import { JobQueue } from "./job-queue.ts";
import { KnownAgent } from "./known-agent.ts";
import { Line } from "./line.ts";
import type { AgentRecord, BlobRecord, JobRecord, UploadRecord } from "./records.ts";
import { UploadList, uploadIdOf } from "./upload-list.ts";

export interface BlobEntry {
  readonly bytes: number;
  /** How many live jobs' checkpoints refer to it. */
  references: number;
  /** Until then it stays though nothing refers to it: its uploader is about to say what it is for. */
  keepUntilMs: number;
}

/** Everything that the broker decides by. The reducer changes it in place; nobody else does. */
export interface BrokerState {
  readonly timing: Timing;
  /** Unique per start of the broker, part of each job's id: a store that was lost never leads to an id used twice. */
  readonly boot: string;
  /** No job of an earlier start is granted under an epoch up to this one; see `epochFloorAt`. */
  readonly epochFloor: number;
  nowMs: number;
  /** Why it is out of service; null while it is in service, as at each start. */
  drained: string | null;
  jobsSubmitted: number;
  readonly jobs: Map<string, JobRecord>;
  readonly queue: JobQueue;
  /** The ids of settled jobs in the order in which they settled. */
  readonly settled: ArrivalOrder;
  readonly agents: Map<string, KnownAgent>;
  /** The agents that would have taken more than the last answer held, and have not been woken since. */
  readonly hungry: Line<KnownAgent>;
  readonly blobs: Map<string, BlobEntry>;
  /** Parts of checkpoints that are on their way here. */
  readonly uploads: UploadList;
  /** The agents that this broker starts on its own host, in the order in which they were asked for. */
  readonly executions: Map<string, ExecutionRecord>;
  /** The ids of those that are over, in the order in which they ended. */
  readonly executionsSettled: ArrivalOrder;
  executionsSpawned: number;
  readonly federation: FederationState;
  readonly alarms: Alarms<KnownAgent>;
  /** What the last `alarm` effect asked for. */
  alarmAtMs: number | null;
}

export interface BrokerStart {
  readonly timing: Timing;
  /** Lower-case letters and digits, unique per start. */
  readonly boot: string;
  readonly nowMs: number;
  readonly jobs?: readonly JobRecord[];
  readonly agents?: readonly AgentRecord[];
  readonly executions?: readonly ExecutionRecord[];
  readonly federation?: readonly FederationRecord[];
  readonly blobs?: readonly BlobRecord[];
  /** Those that the state does not take over, because their leases are gone, are the store's to remove. */
  readonly uploads?: readonly UploadRecord[];
}

/**
 * The state of a broker that starts, with what its store kept. Every deadline starts anew, so that nobody is lost and
 * nothing expires for the time during which the broker was away (docs/cases.md, case 8).
 */
export function startBrokerState({
  timing,
  boot,
  nowMs,
  jobs = [],
  agents = [],
  executions = [],
  federation = [],
  blobs = [],
  uploads = [],
}: BrokerStart): BrokerState {
  assert(/^[0-9a-z]{1,12}$/.test(boot), "the boot id is short and goes into ids");
  const state: BrokerState = {
    timing,
    boot,
    epochFloor: epochFloorAt(nowMs),
    nowMs,
    drained: null,
    jobsSubmitted: 0,
    jobs: new Map(),
    queue: new JobQueue(),
    settled: new ArrivalOrder(),
    agents: new Map(),
    hungry: new Line(),
    blobs: new Map(),
    uploads: new UploadList(),
    executions: new Map(),
    executionsSettled: new ArrivalOrder(),
    executionsSpawned: 0,
    federation: startFederation(federation),
    alarms: new Alarms(),
    alarmAtMs: null,
  };
  for (const agent of agents) loadAgent(state, agent);
  for (const { digest, bytes } of blobs) {
    state.blobs.set(digest, { bytes, references: 0, keepUntilMs: nowMs + timing.leaseTtlMs });
    state.alarms.ensure("blob", digest, nowMs + timing.leaseTtlMs);
  }
  const bySettling = [...jobs].sort(
    (a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0) || a.queueOrder - b.queueOrder,
  );
  for (const job of bySettling) loadJob(state, job);
  for (const upload of uploads) loadUpload(state, upload);
  loadExecutions(state, executions);
  assertOldestFirst(state);
  return state;
}

/** What settled first is forgotten first. */
function assertOldestFirst({ settled, jobs }: BrokerState): void {
  const { oldest } = settled;
  if (oldest === undefined) return;
  const oldestAt = present(jobs.get(oldest)?.completedAt, "what is settled has an end");
  for (const { completedAt } of jobs.values()) {
    assert(completedAt === null || completedAt >= oldestAt, "settled jobs are loaded in their order");
  }
}

/**
 * A store may have forgotten its last writes (a failover, a backup), and with them grants that are in force. So the
 * jobs that it brings along are granted under epochs above the milliseconds that have gone by since 2026: more than
 * there ever were grants of one job before (I1; docs/cases.md, cases 9 and 69; docs/adr/0005). The machine's clock must
 * not have gone back meanwhile.
 */
function epochFloorAt(nowMs: number): number {
  return Math.max(0, Math.floor(nowMs - 1_767_225_600_000));
}

function loadAgent(state: BrokerState, stored: AgentRecord): void {
  const lostAt = stored.standing === "lost" ? state.nowMs : null;
  const agent = new KnownAgent({ ...stored, lastSeenAt: state.nowMs, lostAt });
  state.agents.set(agent.agentId, agent);
  if (agent.standing === "active") {
    state.alarms.ensureAgent(agent, state.nowMs + state.timing.activityTimeoutMs);
  } else if (agent.standing === "lost") {
    state.alarms.ensureAgent(agent, state.nowMs + state.timing.revokeLostAfterMs);
  } else if (agent.standing === "shutdown") {
    state.alarms.ensureAgent(agent, state.nowMs + state.timing.revokeShutdownAfterMs);
  }
}

function loadJob(state: BrokerState, stored: JobRecord): void {
  const job = { ...stored };
  assert(!state.jobs.has(job.jobId), "the store holds each job once");
  state.jobs.set(job.jobId, job);
  if (job.grant !== null) {
    assert(job.state === "offered" || job.state === "leased", "only an offered or leased job has a grant");
    const holder = present(state.agents.get(job.grant.agentId), "the store knows the agent that holds a grant");
    job.grant = { ...job.grant, expiresAt: state.nowMs + lastsOverStartMs(state, job) };
    holder.hold(job);
    state.alarms.ensure("job", job.jobId, job.grant.expiresAt);
  } else if (job.state === "queued") {
    loadQueued(state, job);
  } else {
    state.settled.add(job.jobId);
  }
  if (job.checkpoint === null || job.completedAt !== null) return;
  const manifest = state.blobs.get(job.checkpoint.manifestDigest);
  const archive = state.blobs.get(job.checkpoint.archiveDigest);
  if (manifest === undefined || archive === undefined) {
    // The store of checkpoints was lost: starting over is worse than going on, and better than never starting.
    job.checkpoint = null;
    if (job.state === "queued") job.progress = 0;
    return;
  }
  manifest.references += 1;
  archive.references += 1;
}

/**
 * A wait after a failed attempt goes on until its time, whatever became of the broker meanwhile; but for no longer than
 * the longest that there is: the machine's clock may have been set back.
 */
function loadQueued(state: BrokerState, job: JobRecord): void {
  if (job.waitsUntil !== null && job.waitsUntil > state.nowMs) {
    job.waitsUntil = Math.min(job.waitsUntil, state.nowMs + state.timing.backoffMsMax);
    state.queue.putAside(job);
    state.alarms.ensure("job", job.jobId, job.waitsUntil);
  } else state.queue.add(job);
}

/**
 * A lease has its whole life again. An offer of an earlier start lapses with this one: a store that forgot its last
 * writes may have brought back one that was answered long ago, and the job was granted under larger epochs since (I1).
 */
function lastsOverStartMs({ timing }: BrokerState, { state }: JobRecord): number {
  return state === "offered" ? 0 : timing.leaseTtlMs;
}

/** Whether their processes are still there is for the host to say: `found` and `missing` (`executions/host-reports.ts`). */
function loadExecutions(state: BrokerState, stored: readonly ExecutionRecord[]): void {
  const byAge = [...stored].sort((a, b) => a.spawnedAt - b.spawnedAt || (a.executionId < b.executionId ? -1 : 1));
  for (const execution of byAge) state.executions.set(execution.executionId, { ...execution });
  const over = byAge.filter((execution) => isTerminalExecution(execution.state));
  over.sort((a, b) => (a.completedAt ?? 0) - (b.completedAt ?? 0));
  for (const { executionId } of over) state.executionsSettled.add(executionId);
}

/** If its lease still stands. How much is there is told to whoever asks; of how much, by whoever sends more. */
function loadUpload(state: BrokerState, { agentId, leaseId, digest, bytes }: UploadRecord): void {
  if (state.agents.get(agentId)?.held.has(leaseId) !== true || state.blobs.has(digest)) return;
  const id = uploadIdOf({ agentId, leaseId, digest });
  const keepUntilMs = state.nowMs + state.timing.leaseTtlMs;
  state.uploads.put({ agentId, leaseId, digest, id, bytes, length: null, keepUntilMs });
  state.alarms.ensure("upload", id, keepUntilMs);
}
