import { AgentRecord, JobRecord } from "../../../broker-sim/core/records.ts";
import type { BrokerStart, BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { StoreBatch } from "../../../broker-sim/core/effects.ts";
import { ExecutionRecord } from "../../../broker-sim/core/executions/execution-record.ts";
import { FederationRecord, keyOfRecord } from "../../../broker-sim/core/federation/federation-records.ts";
import { assert } from "../../../foundation/assert.ts";
import { Form } from "./form.ts";
import { UploadStore } from "./upload-store.ts";

const jobForm = new Form("the record of a job", JobRecord);
const agentForm = new Form("the record of an agent", AgentRecord);
const federationForm = new Form("the record of a federation", FederationRecord);
const executionForm = new Form("the record of an execution", ExecutionRecord);
const executionFields = Object.keys(ExecutionRecord.shape) as (keyof ExecutionRecord)[];
const jobFields = Object.keys(JobRecord.shape) as (keyof JobRecord)[];
const agentFields = Object.keys(AgentRecord.shape) as (keyof AgentRecord)[];

type Undo = () => void;

/** How many of the last commits a store may forget. */
export const storeHistoryMax = 256;

/** What the broker's store holds, and how to take its last writes back: an asynchronous replica, or an old backup. */
export class Store {
  #jobs = new Map<string, JobRecord>();
  #agents = new Map<string, AgentRecord>();
  #executions = new Map<string, ExecutionRecord>();
  #federation = new Map<string, FederationRecord>();
  #blobs = new Map<string, number>();
  readonly uploads = new UploadStore();
  readonly #undos: Undo[][] = [];
  readonly #keepsUndos: boolean;

  /** @param keepsUndos whether writes may have to be taken back; costs memory */
  constructor({ keepsUndos }: { keepsUndos: boolean }) {
    this.#keepsUndos = keepsUndos;
  }

  /** Takes the batch for its own; see `copyOfBatch`. */
  commit({
    jobs,
    jobsRemoved,
    agents,
    executions = [],
    executionsRemoved = [],
    federation = new Map(),
  }: StoreBatch): void {
    const undos: Undo[] = [];
    for (const job of jobs) undos.push(put(this.#jobs, job.jobId, job));
    for (const jobId of jobsRemoved) undos.push(put(this.#jobs, jobId, null));
    for (const agent of agents) undos.push(put(this.#agents, agent.agentId, agent));
    for (const one of executions) undos.push(put(this.#executions, one.executionId, one));
    for (const [key, kept] of federation) undos.push(put(this.#federation, key, kept));
    for (const executionId of executionsRemoved) undos.push(put(this.#executions, executionId, null));
    if (!this.#keepsUndos) return;
    this.#undos.push(undos);
    if (this.#undos.length > 2 * storeHistoryMax) this.#undos.splice(0, storeHistoryMax);
  }

  load(): Required<Pick<BrokerStart, "jobs" | "agents" | "executions" | "federation" | "blobs" | "uploads">> {
    return {
      federation: Array.from(this.#federation.values(), (kept) => FederationRecord.parse(kept)),
      jobs: Array.from(this.#jobs.values(), (job) => JobRecord.parse(job)),
      agents: Array.from(this.#agents.values(), (agent) => AgentRecord.parse(agent)),
      executions: Array.from(this.#executions.values(), (execution) => ExecutionRecord.parse(execution)),
      blobs: Array.from(this.#blobs, ([digest, bytes]) => ({ digest, bytes })),
      uploads: this.uploads.load(),
    };
  }

  /** A broker that started anew would go on from where this one is: everything else is said again by its agents. */
  assertHolds({
    jobs,
    agents,
    executions,
    federation,
    blobs,
    uploads,
  }: Pick<BrokerState, "jobs" | "agents" | "executions" | "federation" | "blobs" | "uploads">): void {
    for (const [jobId, job] of jobs) {
      const stored = lastingOfJob(this.#jobs.get(jobId));
      // A checkpoint whose blobs were lost is none, as each start finds again.
      const isLost = this.#keepsUndos && job.checkpoint === null;
      const there = isLost ? { ...stored, checkpoint: null } : stored;
      assertSame(there, lastingOfJob(job), { fields: jobFields, whose: jobId });
    }
    for (const [agentId, agent] of agents) {
      const there = lastingOfAgent(this.#agents.get(agentId));
      assertSame(there, lastingOfAgent(agent.stored()), { fields: agentFields, whose: `agent ${agentId}` });
    }
    for (const [executionId, execution] of executions) {
      assertSame(this.#executions.get(executionId) ?? {}, execution, { fields: executionFields, whose: executionId });
    }
    const kept = [federation.connections, federation.commands, federation.remotes].flatMap((one) => [...one.values()]);
    for (const one of kept) {
      const key = keyOfRecord(one);
      const fields = Object.keys(one) as (keyof FederationRecord)[];
      assertSame<FederationRecord>(this.#federation.get(key) ?? {}, one, { fields, whose: key });
    }
    assert(this.#federation.size === kept.length, "the store keeps nothing of a federation that is forgotten");
    assert(this.#executions.size === executions.size, "the store keeps no execution that is forgotten");
    assert(this.#jobs.size === jobs.size && this.#agents.size === agents.size, "the store keeps nothing that is over");
    for (const digest of this.#blobs.keys()) assert(blobs.has(digest), `the broker knows the stored blob ${digest}`);
    for (const digest of blobs.keys()) assert(this.#blobs.has(digest), `the store has the blob ${digest}`);
    for (const upload of uploads.values()) {
      assert(this.uploads.bytes(upload) === upload.bytes, `the broker knows how much there is of ${upload.id}`);
    }
    assert(this.uploads.size === uploads.size, "the store keeps no upload that the broker does not know of");
  }

  putBlob(digest: string, bytes: number): void {
    this.#blobs.set(digest, bytes);
  }

  removeBlob(digest: string): void {
    this.#blobs.delete(digest);
  }

  /** Of every blob that it keeps. */
  digests(): Iterable<string> {
    return this.#blobs.keys();
  }

  hasBlob(digest: string): boolean {
    return this.#blobs.has(digest);
  }

  /** What checkers know by an id: jobs, executions, commands. */
  #named(): Map<string, unknown> {
    const commands = [...this.#federation.values()].filter((one) => one.kind === "command");
    return new Map<string, unknown>([
      ...this.#jobs,
      ...this.#executions,
      ...commands.map((one): [string, unknown] => [one.commandId, one]),
    ]);
  }

  /**
   * Forgets the last commits, each as a whole.
   *
   * @param writes how many; null for everything that was ever written
   * @returns the ids of the jobs and executions that are not as they were
   */
  forget(writes: number | null): string[] {
    const before = this.#named();
    if (writes === null) {
      this.#jobs = new Map();
      this.#agents = new Map();
      this.#executions = new Map();
      this.#federation = new Map();
      this.#blobs = new Map();
      this.uploads.clear();
      this.#undos.length = 0;
    } else {
      for (let count = 0; count < writes; count += 1) {
        for (const undo of this.#undos.pop()?.reverse() ?? []) undo();
      }
    }
    const now = this.#named();
    const changed = [...before].filter(([id, kept]) => now.get(id) !== kept).map(([id]) => id);
    const back = [...now.keys()].filter((id) => !before.has(id));
    return [...changed, ...back].sort();
  }
}

/** @returns takes it back */
function put<T>(records: Map<string, T>, key: string, value: T | null): Undo {
  const before = records.get(key);
  if (value === null) records.delete(key);
  else records.set(key, value);
  return () => {
    if (before === undefined) records.delete(key);
    else records.set(key, before);
  };
}

/**
 * The records of a batch as they are now: the broker changes them with its next input. What the store could not read
 * again is not written.
 */
export function copyOfBatch(
  { jobs, jobsRemoved, agents, executions = [], executionsRemoved = [], federation = new Map() }: StoreBatch,
  isWhole: boolean,
): StoreBatch {
  for (const job of jobs) jobForm.demand(job, isWhole);
  for (const agent of agents) agentForm.demand(agent, isWhole);
  for (const kept of federation.values()) if (kept !== null) federationForm.demand(kept, isWhole);
  for (const execution of executions) executionForm.demand(execution, isWhole);
  assert(
    jobs.length + jobsRemoved.length + agents.length + executions.length + federation.size > 0,
    "something is written",
  );
  return {
    jobs: jobs.map((job) => ({ ...job, grant: job.grant === null ? null : { ...job.grant } })),
    jobsRemoved: [...jobsRemoved],
    agents: agents.map((agent) => ({ ...agent })),
    executions: executions.map((execution) => ({ ...execution })),
    executionsRemoved: [...executionsRemoved],
    federation: structuredClone(federation),
  };
}

/** All but what every heartbeat says anew. */
function lastingOfJob(job: JobRecord | undefined): Partial<JobRecord> {
  const grant = job?.grant ?? null;
  return { ...job, progress: 0, grant: grant === null ? null : { ...grant, expiresAt: 0 } };
}

/** Since when an agent is lost is counted anew by each start of the broker. */
function lastingOfAgent(agent: AgentRecord | undefined): Partial<AgentRecord> {
  return {
    ...agent,
    slotsFree: 0,
    resources: null,
    lastSeenAt: 0,
    lostAt: (agent?.lostAt ?? null) === null ? null : 0,
  };
}

/** Field by field, since most are the very same value in both, and putting them into words costs more than all else. */
function assertSame<T extends object>(
  stored: Partial<T>,
  known: T,
  { fields, whose }: { fields: readonly (keyof T)[]; whose: string },
): void {
  for (const field of fields) {
    const [there, here] = [stored[field], known[field]];
    if (there === here || JSON.stringify(there) === JSON.stringify(here)) continue;
    const said = `${String(field)} is ${JSON.stringify(there)}, and ${JSON.stringify(here)}`;
    assert(false, `the store holds ${whose} as the broker knows it: ${said}`);
  }
}
