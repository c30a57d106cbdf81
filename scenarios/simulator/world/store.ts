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

/** What every heartbeat says anew, or each start of the broker counts anew, is looked at by itself. */
const lastingJobFields = jobFields.filter((field) => field !== "progress" && field !== "grant");
const lastingAgentFields = agentFields.filter(
  (field) => field !== "slotsFree" && field !== "resources" && field !== "lastSeenAt" && field !== "lostAt",
);

type Undo = () => void;

/** Most batches hold records of jobs or of an agent, and nothing else. */
const none: readonly never[] = [];
const noFederation: NonNullable<StoreBatch["federation"]> = new Map();

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
  /** How many it has taken and not forgotten, where it can forget some. */
  commits = 0;
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
    executions = none,
    executionsRemoved = none,
    federation = noFederation,
  }: StoreBatch): void {
    const undos: Undo[] | null = this.#keepsUndos ? [] : null;
    for (const job of jobs) put(this.#jobs, job.jobId, { value: job, undos });
    for (const jobId of jobsRemoved) put(this.#jobs, jobId, { value: null, undos });
    for (const agent of agents) put(this.#agents, agent.agentId, { value: agent, undos });
    for (const one of executions) put(this.#executions, one.executionId, { value: one, undos });
    for (const [key, kept] of federation) put(this.#federation, key, { value: kept, undos });
    for (const executionId of executionsRemoved) put(this.#executions, executionId, { value: null, undos });
    if (undos === null) return;
    this.#undos.push(undos);
    this.commits += 1;
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
      const stored: Partial<JobRecord> = this.#jobs.get(jobId) ?? {};
      // A checkpoint whose blobs were lost is none, as each start finds again.
      const isLost = this.#keepsUndos && job.checkpoint === null;
      const kept = isLost ? { ...stored, checkpoint: null } : stored;
      // A wait is cut to the longest that there is by a start after the clock was set back.
      const isCut = job.waitsUntil !== null && (stored.waitsUntil ?? 0) > job.waitsUntil;
      const there = isCut ? { ...kept, waitsUntil: job.waitsUntil } : kept;
      assertSame(there, job, { fields: lastingJobFields, whose: jobId });
      if (there.grant === null && job.grant === null) continue;
      assertSame({ grant: lastingOfGrant(there) }, { grant: lastingOfGrant(job) }, { fields: ["grant"], whose: jobId });
    }
    for (const [agentId, agent] of agents) {
      const stored: Partial<AgentRecord> = this.#agents.get(agentId) ?? {};
      const known = agent.stored();
      assertSame(stored, known, { fields: lastingAgentFields, whose: agentId });
      // Since when it is lost is counted anew by each start of the broker.
      const isLost = (stored.lostAt ?? null) !== null;
      assert(isLost === (known.lostAt !== null), "the store knows whether an agent is lost");
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
      this.commits -= writes;
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

/** @param undos gets what takes it back; null where nobody will */
function put<T>(
  records: Map<string, T>,
  key: string,
  { value, undos }: { value: T | null; undos: Undo[] | null },
): void {
  undos?.push(undoOf(records, key, records.get(key)));
  if (value === null) records.delete(key);
  else records.set(key, value);
}

function undoOf<T>(records: Map<string, T>, key: string, before: T | undefined): Undo {
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
  { jobs, jobsRemoved, agents, executions = none, executionsRemoved = none, federation = noFederation }: StoreBatch,
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
    // A clone of nothing costs as much as all the rest.
    federation: federation.size === 0 ? noFederation : structuredClone(federation),
  };
}

/** All but what every heartbeat says anew. */
function lastingOfGrant({ grant = null }: Partial<JobRecord>): JobRecord["grant"] {
  return grant === null ? null : { ...grant, expiresAt: 0 };
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
