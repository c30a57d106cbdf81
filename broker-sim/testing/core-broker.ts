import { assert } from "../../foundation/assert.ts";
import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type {
  CheckpointReference,
  HeartbeatRequest,
  HeartbeatResponse,
  JobSpec,
  Lease,
  LeaseStatus,
} from "../../protocol/messages.ts";
import { type Timing, defaultTiming } from "../../protocol/timing.ts";
import { apply } from "../core/apply.ts";
import { touchBlob } from "../core/checkpoints.ts";
import { type BrokerState, startBrokerState } from "../core/broker-state.ts";
import type { Effect } from "../core/effects.ts";
import type { BrokerInput, BrokerInputType, BrokerResponse, Caller, Refusal } from "../core/inputs.ts";
import { assertInvariants } from "../core/invariants.ts";
import type { KnownAgent } from "../core/known-agent.ts";
import type { ExecutionRecord } from "../core/executions/execution-record.ts";
import type { FederationRecord } from "../core/federation/federation-records.ts";
import type { AgentRecord, JobRecord } from "../core/records.ts";
import { beginTurn } from "../core/turn.ts";
import type { z } from "zod";

type OpenLease = z.infer<typeof Lease>;

/** A broker's core without a body: time is moved by hand, effects are kept, and every state is checked as a whole. */
export class CoreBroker {
  state: BrokerState;
  nowMs = 1_000_000;
  readonly effects: Effect[] = [];
  /** What a store would hold. */
  readonly storedJobs = new Map<string, JobRecord>();
  readonly storedAgents = new Map<string, AgentRecord>();
  readonly storedFederation = new Map<string, FederationRecord>();
  readonly storedExecutions = new Map<string, ExecutionRecord>();
  readonly timing: Timing;
  #boots = 0;

  constructor(timing: Partial<Timing> = {}) {
    this.timing = { ...defaultTiming, ...timing };
    this.state = startBrokerState({ timing: this.timing, boot: "boot0", nowMs: this.nowMs });
  }

  do<T extends BrokerInputType>(input: BrokerInput<T>): BrokerResponse<T> {
    const { effects, response } = apply(this.state, input, this.nowMs);
    for (const effect of effects) {
      if (effect.kind === "persist") {
        for (const job of effect.batch.jobs) this.storedJobs.set(job.jobId, structuredClone(job));
        for (const jobId of effect.batch.jobsRemoved) this.storedJobs.delete(jobId);
        for (const agent of effect.batch.agents) this.storedAgents.set(agent.agentId, structuredClone(agent));
        for (const one of effect.batch.executions ?? [])
          this.storedExecutions.set(one.executionId, structuredClone(one));
        for (const [key, kept] of effect.batch.federation ?? []) {
          if (kept === null) this.storedFederation.delete(key);
          else this.storedFederation.set(key, structuredClone(kept));
        }
        for (const executionId of effect.batch.executionsRemoved ?? []) this.storedExecutions.delete(executionId);
      }
      this.effects.push(effect);
    }
    assertInvariants(this.state);
    return response;
  }

  /** Lets time go by, and wakes the core whenever it asked to be. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const alarmMs = this.state.alarms.nextAtMs();
      if (alarmMs === null || alarmMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, alarmMs);
      this.do({ type: "tick" });
    }
    this.nowMs = endMs;
  }

  /** Lets time go by until a job may be offered again after an attempt that failed. */
  waitOut(jobId: string): void {
    this.advance(Math.max(0, (this.job(jobId).waitsUntil ?? 0) - this.nowMs));
  }

  /** Kills the broker and starts it from what the store holds. */
  restart(): void {
    this.#boots += 1;
    const blobs = Array.from(this.state.blobs, ([digest, { bytes }]) => ({ digest, bytes }));
    const uploads = [...this.state.uploads.values()];
    this.state = startBrokerState({
      timing: this.timing,
      boot: `boot${this.#boots}`,
      nowMs: this.nowMs,
      jobs: [...this.storedJobs.values()].map((job) => structuredClone(job)),
      agents: [...this.storedAgents.values()].map((agent) => structuredClone(agent)),
      federation: [...this.storedFederation.values()].map((kept) => structuredClone(kept)),
      executions: [...this.storedExecutions.values()].map((execution) => structuredClone(execution)),
      blobs,
      uploads,
    });
    assertInvariants(this.state);
  }

  submit(count = 1, spec: Partial<JobSpec> = {}): string[] {
    const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3, ...spec };
    return answerOf(this.do({ type: "submit", jobs: Array.from({ length: count }, () => job) })).jobIds;
  }

  job(jobId: string): JobRecord {
    const job = this.state.jobs.get(jobId);
    assert(job !== undefined, `job ${jobId} is known`);
    return job;
  }

  #checkpoints = 0;

  /** Stores a checkpoint's two blobs and returns the reference to them. */
  checkpoint(name: string, progress: number): CheckpointReference {
    const digest = (text: string) => Buffer.from(text.padEnd(32, ".")).toString("hex").slice(0, 64);
    const reference = {
      manifestDigest: digest(`manifest ${name}`),
      archiveDigest: digest(`archive ${name}`),
      archiveBytes: 7,
      progress,
      number: (this.#checkpoints += 1),
    };
    this.storeBlob(reference.manifestDigest, 3);
    this.storeBlob(reference.archiveDigest, 7);
    return reference;
  }

  /** A blob is here, or is asked for again; how it is brought is tested by itself (uploads.test.ts). */
  storeBlob(digest: string, bytes: number): void {
    touchBlob(beginTurn(this.state, this.nowMs), { digest, bytes });
  }

  /** The history's entries of one type, oldest first. */
  history<T extends HistoryType>(type: T): HistoryData<T>[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "history" && effect.entry.type === type ? [effect.entry.data as HistoryData<T>] : [],
    );
  }

  /** The events pushed to an agent, oldest first. */
  pushed(agent: CoreAgent): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "push" && effect.agentId === agent.agentId ? [effect.event.event] : [],
    );
  }
}

/** An agent as the core sees one. */
export class CoreAgent implements Caller {
  readonly broker: CoreBroker;
  readonly agentId: string;
  readonly slots: number;
  instanceId: string;
  #instances = 0;

  constructor(broker: CoreBroker, { number = 1, slots = 2 } = {}) {
    this.broker = broker;
    this.slots = slots;
    this.agentId = String(number).padStart(64, "a");
    this.instanceId = this.#nextInstance();
  }

  get caller(): Caller {
    return { agentId: this.agentId, instanceId: this.instanceId };
  }

  get record(): AgentRecord {
    return this.knowledge;
  }

  /** All that the broker knows of it, what no store keeps included. */
  get knowledge(): KnownAgent {
    const agent = this.broker.state.agents.get(this.agentId);
    assert(agent !== undefined, "the agent is known");
    return agent;
  }

  /** The process ends and another starts; it still has to enrol. */
  startAnew(): void {
    this.instanceId = this.#nextInstance();
  }

  tryEnrol({ joinTokenMatches = true, revocationVerified = true } = {}): BrokerResponse<"enrol"> {
    const revocation = { agentId: this.agentId, signature: "s".repeat(86) };
    const message = { publicKey: "p".repeat(43), slots: this.slots, revocation };
    return this.broker.do({ type: "enrol", caller: this.caller, message, joinTokenMatches, revocationVerified });
  }

  enrol(): this {
    answerOf(this.tryEnrol());
    return this;
  }

  tryHeartbeat(message: Partial<HeartbeatRequest> = {}): BrokerResponse<"heartbeat"> {
    const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
    const full = {
      state: "Idle" as const,
      slots: this.slots,
      slotsFree: this.slots,
      resources,
      leases: [],
      ...message,
    };
    return this.broker.do({ type: "heartbeat", caller: this.caller, message: full });
  }

  heartbeat(message: Partial<HeartbeatRequest> = {}): HeartbeatResponse {
    return answerOf(this.tryHeartbeat(message));
  }

  /** Asks for work and accepts all of it. */
  takeWork(slotsFree = this.slots): OpenLease[] {
    const { offers } = this.heartbeat({ slotsFree });
    for (const offer of offers) answerOf(this.accept(offer));
    return offers;
  }

  accept({ leaseId, epoch }: OpenLease): BrokerResponse<"accept"> {
    return this.broker.do({ type: "accept", caller: this.caller, leaseId, message: { epoch } });
  }

  decline({ leaseId, epoch }: OpenLease): BrokerResponse<"decline"> {
    return this.broker.do({ type: "decline", caller: this.caller, leaseId, message: { epoch, reason: "no room" } });
  }

  progress(
    { leaseId, epoch }: OpenLease,
    progress: number,
    checkpoint?: CheckpointReference,
  ): BrokerResponse<"progress"> {
    const message = checkpoint === undefined ? { epoch, progress } : { epoch, progress, checkpoint };
    return this.broker.do({ type: "progress", caller: this.caller, leaseId, message });
  }

  complete({ leaseId, epoch }: OpenLease, over: { exitCode?: number } = {}): BrokerResponse<"complete"> {
    const exitCode = over.exitCode ?? 0;
    const outcome = exitCode === 0 ? ("completed" as const) : ("failed" as const);
    const message = { epoch, outcome, exitCode, progress: 10, result: "42" };
    return this.broker.do({ type: "complete", caller: this.caller, leaseId, message });
  }

  giveBack(
    { leaseId, epoch }: OpenLease,
    progress: number,
    checkpoint?: CheckpointReference,
  ): BrokerResponse<"return"> {
    const reason = "the owner needs the machine";
    const message = checkpoint === undefined ? { epoch, progress, reason } : { epoch, progress, reason, checkpoint };
    return this.broker.do({ type: "return", caller: this.caller, leaseId, message });
  }

  shutdown(leases: readonly OpenLease[] = []): BrokerResponse<"shutdown"> {
    const message = { reason: "SIGTERM", handedBack: leases.map((lease) => handBackOf(lease)) };
    return this.broker.do({ type: "shutdown", caller: this.caller, message });
  }

  withdraw(leases: readonly OpenLease[] = [], { revocationVerified = true } = {}): BrokerResponse<"withdraw"> {
    const revocation = { agentId: this.agentId, signature: "s".repeat(86) };
    const message = { handedBack: leases.map((lease) => handBackOf(lease)), revocation };
    return this.broker.do({ type: "withdraw", caller: this.caller, message, revocationVerified });
  }

  connect(): this {
    answerOf(this.broker.do({ type: "connected", caller: this.caller }));
    return this;
  }

  #nextInstance(): string {
    this.#instances += 1;
    return `${this.agentId.slice(-4)}0000-0000-4000-8000-${String(this.#instances).padStart(12, "0")}`;
  }
}

/** What was answered; a refusal ends the test. */
export function answerOf<T>(response: { ok: true; answer: T } | Refusal): T {
  assert(response.ok, `the broker says yes, not ${response.ok ? "" : `${response.code}: ${response.message}`}`);
  return response.answer;
}

/** The code of a refusal, or `ok`. */
export function codeOf(response: { ok: true } | Refusal): string {
  return response.ok ? "ok" : response.code;
}

/** A lease as a heartbeat names it. */
export function named({ leaseId, jobId, epoch }: OpenLease, progress = 0): LeaseStatus {
  return { leaseId, jobId, epoch, execution: "running", frozen: false, progress };
}

export function handBackOf({ leaseId, jobId, epoch }: OpenLease, checkpoint?: CheckpointReference) {
  const progress = checkpoint?.progress ?? 0;
  return checkpoint === undefined
    ? { leaseId, jobId, epoch, progress }
    : { leaseId, jobId, epoch, progress, checkpoint };
}
