import { strict as assert } from "node:assert";

import { isTerminalJob } from "../../../protocol/job-states.ts";
import type { CheckpointReference, HeartbeatResponse, Lease, ProblemCode } from "../../../protocol/messages.ts";
import { type Answered, type BrokerBody, type JobSeen, type Recorded, modelTiming } from "./broker-body.ts";
import { refused, taken } from "./expected-answer.ts";
import {
  type Actor,
  follow,
  heldBy,
  heldOf,
  type Known,
  mayBeOffered,
  nothingKnown,
  redeliver,
  release,
  runDeadlines,
} from "./known-jobs.ts";

type Offer = HeartbeatResponse["offers"][number];

/**
 * What a broker must do, said once more and independently of how it does it: who holds which job until when, what each
 * call must be answered, and what must never be seen at all. Every answer is compared with what is foretold here:
 *
 * - a job has one holder at most, and each holder a larger epoch than every one before, across restarts and lost writes;
 * - a result under a lease that is over is refused with 409 `fenced`, and a job ends once;
 * - a drained broker offers nothing and takes in nobody whom it does not know, until it is started anew;
 * - a job that was taken in is there until it ends, and after `redeliveriesMax` lost holders it fails; after each before
 *   that it waits, for longer every time.
 *
 * It does not foretell which of the waiting jobs an agent is offered: that, it hears.
 */
export class BrokerModel {
  nowMs: number;
  readonly canForget: boolean;
  readonly identity: BrokerBody["identity"];
  readonly actors: Actor[] = [];
  readonly #timing = modelTiming;
  #known: Known = nothingKnown();
  #marked: Known = structuredClone(this.#known);
  /** The largest epoch that any agent was ever given of a job: no loss takes it back. */
  readonly #epochs = new Map<string, number>();
  readonly #everIssued = new Set<string>();
  /** A store that was put back may name checkpoints whose blobs have gone since. */
  #blobsMayBeGone = false;
  /** Until its next start. */
  #isDrained = false;

  constructor(body: Pick<BrokerBody, "nowMs" | "identity" | "forget">, agents: number) {
    this.nowMs = body.nowMs();
    this.canForget = body.forget !== undefined;
    this.identity = body.identity;
    for (let number = 0; number < agents; number += 1) this.join(number, 2);
  }

  /** An agent that has not enrolled yet. */
  join(number: number, slots: number): Actor {
    const { agentId } = this.identity(number);
    const actor = { number, agentId, slots, instanceId: "", starts: 0, heard: [] };
    this.actors.push(actor);
    this.startAnew(actor);
    return actor;
  }

  startAnew(actor: Actor): void {
    actor.starts += 1;
    const start = String(actor.starts).padStart(8, "0");
    actor.instanceId = `${start}-0000-4000-8000-${String(actor.number).padStart(12, "0")}`;
  }

  jobIds(): string[] {
    return [...this.#known.jobs.keys()];
  }

  unsettled(): number {
    return [...this.#known.jobs.values()].filter(({ state }) => !isTerminalJob(state)).length;
  }

  /** Whether the agent holds this very lease, as a lease and not as an offer. */
  isLeased(actor: Actor, lease: Pick<Lease, "jobId" | "leaseId" | "epoch">): boolean {
    return this.#refusalOf(actor) === null && heldBy(this.#known, actor, lease)?.state === "leased";
  }

  // What must come of each call. Called in the order of the calls, with their answers.

  submitted(answer: Answered<"submit">, specs: readonly { readonly redeliveriesMax: number }[]): void {
    runDeadlines(this.#known, this.nowMs);
    const { jobIds } = taken(answer);
    assert.equal(jobIds.length, specs.length);
    for (const [index, jobId] of jobIds.entries()) {
      assert.ok(!this.#everIssued.has(jobId), `${jobId} is the id of another job`);
      this.#everIssued.add(jobId);
      this.#known.jobs.set(jobId, {
        jobId,
        redeliveriesMax: specs[index]!.redeliveriesMax,
        state: "queued",
        holder: null,
        redeliveries: 0,
        waits: null,
        checkpoint: null,
        handedBack: null,
        ended: null,
      });
    }
  }

  cancelled(answer: Answered<"cancel">, jobId: string): void {
    runDeadlines(this.#known, this.nowMs);
    const job = this.#known.jobs.get(jobId);
    if (job === undefined) return refused(answer, "unknown-job");
    if (isTerminalJob(job.state) && job.state !== "cancelled") return refused(answer, "job-settled");
    taken(answer);
    job.state = "cancelled";
    job.holder = null;
  }

  drained(answer: Answered<"drain">): void {
    runDeadlines(this.#known, this.nowMs);
    taken(answer);
    this.#isDrained = true;
  }

  enrolled(answer: Answered<"enrol">, actor: Actor): void {
    runDeadlines(this.#known, this.nowMs);
    const { instances } = this.#known;
    if (this.#isDrained && !instances.has(actor.agentId)) return refused(answer, "out-of-service");
    taken(answer);
    if (instances.get(actor.agentId) !== actor.instanceId) {
      for (const job of heldOf(this.#known, actor)) if (job.state === "offered") release(job);
    }
    instances.set(actor.agentId, actor.instanceId);
  }

  heartbeat(
    answer: Answered<"heartbeat">,
    actor: Actor,
    said: { readonly named: readonly Lease[]; readonly slotsFree: number; readonly isPaused: boolean },
  ): void {
    runDeadlines(this.#known, this.nowMs);
    const refusal = this.#refusalOf(actor);
    if (refusal !== null) return refused(answer, refusal);
    const { offers, renewed, lost, brokerTimeMs } = taken(answer);
    assert.equal(brokerTimeMs, this.nowMs);
    const expiresAt = this.nowMs + this.#timing.leaseTtlMs;
    const [renewals, losses]: [object[], string[]] = [[], []];
    for (const lease of said.named) {
      const job = heldBy(this.#known, actor, lease);
      if (job === undefined) losses.push(lease.leaseId);
      else if (job.state === "leased") {
        Object.assign(job.holder!, { expiresAt, instance: actor.instanceId });
        renewals.push({ leaseId: lease.leaseId, expiresAt });
      }
    }
    assert.deepEqual(renewed, renewals, "the leases that are renewed are those that it names and holds");
    assert.deepEqual(
      lost.map(({ leaseId }) => leaseId),
      losses,
      "the others are lost",
    );
    for (const job of heldOf(this.#known, actor))
      if (job.holder!.instance !== actor.instanceId) redeliver(job, { nowMs: this.nowMs });
    if (said.isPaused) {
      for (const job of heldOf(this.#known, actor)) if (job.state === "offered") release(job);
      assert.deepEqual(offers, [], "who is paused is offered nothing (I6)");
    } else if (this.#isDrained) assert.deepEqual(offers, [], "a drained broker offers nothing, nor again what it had");
    else this.#offered(actor, offers, said.slotsFree);
  }

  accepted(answer: Answered<"accept">, actor: Actor, { lease, epoch }: { lease: Lease; epoch: number }): void {
    runDeadlines(this.#known, this.nowMs);
    const refusal = this.#refusalOf(actor) ?? this.#strangeness(lease);
    if (refusal !== null) return refused(answer, refusal);
    const job = heldBy(this.#known, actor, { ...lease, epoch });
    if (job === undefined) return refused(answer, "offer-lapsed");
    if (job.state === "offered") {
      job.state = "leased";
      job.holder!.expiresAt = this.nowMs + this.#timing.leaseTtlMs;
    }
    assert.equal(taken(answer).expiresAt, job.holder!.expiresAt);
  }

  declined(answer: Answered<"decline">, actor: Actor, { lease, epoch }: { lease: Lease; epoch: number }): void {
    runDeadlines(this.#known, this.nowMs);
    const refusal = this.#refusalOf(actor) ?? this.#strangeness(lease);
    if (refusal !== null) return refused(answer, refusal);
    const job = heldBy(this.#known, actor, { ...lease, epoch });
    if (job === undefined) return refused(answer, "offer-lapsed");
    taken(answer);
    release(job);
  }

  completed(
    answer: Answered<"complete">,
    actor: Actor,
    said: {
      readonly lease: Lease;
      readonly epoch: number;
      readonly outcome: "completed" | "failed";
      readonly result: string;
    },
  ): void {
    runDeadlines(this.#known, this.nowMs);
    const { lease, epoch, outcome, result } = said;
    const refusal = this.#refusalOf(actor) ?? this.#strangeness(lease);
    if (refusal !== null) return refused(answer, refusal);
    const { ended } = this.#known.jobs.get(lease.jobId)!;
    if (ended !== null && ended.leaseId === lease.leaseId && ended.agent === actor.agentId) {
      if (ended.result === result) taken(answer);
      else refused(answer, "job-settled");
      return;
    }
    const job = heldBy(this.#known, actor, { ...lease, epoch });
    // The rule that all of this is for (I2).
    if (job?.state !== "leased") return refused(answer, "fenced");
    taken(answer);
    Object.assign(job, {
      state: outcome,
      holder: null,
      ended: { agent: actor.agentId, leaseId: lease.leaseId, result },
    });
  }

  returned(
    answer: Answered<"return">,
    actor: Actor,
    said: {
      readonly lease: Lease;
      readonly epoch: number;
      readonly checkpoint: CheckpointReference | null;
      readonly agentDied: boolean;
    },
  ): void {
    runDeadlines(this.#known, this.nowMs);
    const { lease, epoch, checkpoint, agentDied } = said;
    const refusal = this.#refusalOf(actor) ?? this.#strangeness(lease);
    if (refusal !== null) return refused(answer, refusal);
    const job = heldBy(this.#known, actor, { ...lease, epoch });
    if (job === undefined) {
      const isRepeat = this.#known.jobs.get(lease.jobId)!.handedBack === lease.leaseId;
      if (isRepeat) taken(answer);
      else refused(answer, "fenced");
      return;
    }
    taken(answer);
    if (job.state === "offered") return release(job);
    job.handedBack = lease.leaseId;
    if (checkpoint !== null) job.checkpoint = checkpoint;
    if (agentDied) redeliver(job, { nowMs: this.nowMs });
    else release(job);
  }

  // What happens to the broker.

  advanced(nowMs: number): void {
    this.nowMs = nowMs;
    runDeadlines(this.#known, this.nowMs);
  }

  mark(): void {
    this.#marked = structuredClone(this.#known);
  }

  /** A lease has its whole life again, an offer lapses: its holder may have had it before the loss (docs/adr/0005). */
  restarted(nowMs: number, from: "now" | "mark"): void {
    // Nothing is due while nobody is there.
    this.nowMs = nowMs;
    this.#isDrained = false;
    if (from === "mark") {
      this.#known = structuredClone(this.#marked);
      this.#blobsMayBeGone = true;
    }
    for (const job of this.#known.jobs.values()) {
      if (job.holder === null) continue;
      job.holder.expiresAt = nowMs + (job.state === "leased" ? this.#timing.leaseTtlMs : 0);
    }
    runDeadlines(this.#known, this.nowMs);
  }

  /** After every command: what the broker recorded breaks no rule, and what it shows of every job is what must be. */
  compare(jobs: readonly JobSeen[], recorded: readonly Recorded[]): void {
    for (const { type, data } of recorded) follow(this.#known, type, data);
    const shown = new Map(jobs.map((job) => [job.jobId, job]));
    assert.deepEqual(
      [...shown.keys()].toSorted(),
      this.jobIds().toSorted(),
      "no job is lost, and none is made up (I3)",
    );
    for (const { jobId, state, holder, redeliveries, ended } of this.#known.jobs.values()) {
      const { leaseId, agentId, result, waitsUntil, ...rest } = shown.get(jobId)!;
      assert.deepEqual(rest, { jobId, state, redeliveries });
      assert.deepEqual([leaseId, agentId], [holder?.leaseId ?? null, holder?.agent ?? null], `who holds ${jobId} (I1)`);
      assert.equal(result, ended?.result ?? null);
      this.#waits(jobId, waitsUntil);
    }
  }

  /** How long it waits, the broker draws; within which bounds, the times say. */
  #waits(jobId: string, untilMs: number | null): void {
    const job = this.#known.jobs.get(jobId)!;
    if (job.state !== "queued" || job.waits === null) return assert.equal(untilMs, null, `${jobId} waits for nothing`);
    assert.ok(untilMs !== null, `${jobId} waits after it was lost`);
    const { leastMs, mostMs } = job.waits;
    assert.ok(leastMs <= untilMs && untilMs <= mostMs, `${jobId} waits until ${untilMs}: not ${leastMs} to ${mostMs}`);
    job.waits = { leastMs: untilMs, mostMs: untilMs };
  }

  #offered(actor: Actor, offers: readonly Offer[], slotsFree: number): void {
    const held = heldOf(this.#known, actor);
    const open = held.filter(({ state }) => state === "offered");
    // Who counts more free slots than the broker has not heard of that many offers, and is told of them again.
    const unheard = Math.max(0, slotsFree - Math.max(0, actor.slots - held.length));
    const again = Math.min(unheard, open.length);
    const waiting = [...this.#known.jobs.values()].filter((job) => mayBeOffered(job, this.nowMs)).length;
    const anew = Math.max(0, Math.min(slotsFree - again, actor.slots - held.length, waiting));
    assert.equal(offers.length, again + anew, "it is offered what it has room for, and no more");
    for (const [index, offer] of offers.entries()) {
      const { jobId, leaseId, epoch, expiresAt, checkpoint = null } = offer;
      const job = this.#known.jobs.get(jobId);
      assert.ok(job !== undefined, `${jobId} is known`);
      if (index < again) {
        assert.equal(heldBy(this.#known, actor, offer), job, "what is offered again is the agent's own");
        assert.equal(job.state, "offered");
      } else {
        assert.equal(job.state, "queued", `${jobId} is offered while it is ${job.state} (I1)`);
        assert.ok(mayBeOffered(job, this.nowMs), `${jobId} is offered before it has waited`);
        assert.ok(epoch > (this.#epochs.get(jobId) ?? 0), `epoch ${epoch} of ${jobId} was given before (I1)`);
        assert.equal(expiresAt, this.nowMs + this.#timing.offerTtlMs);
        const [agent, instance] = [actor.agentId, actor.instanceId];
        Object.assign(job, { state: "offered", waits: null, holder: { agent, instance, leaseId, epoch, expiresAt } });
        this.#epochs.set(jobId, epoch);
      }
      if (!this.#blobsMayBeGone || checkpoint !== null)
        assert.deepEqual(checkpoint, job.checkpoint, "it goes on from there");
      job.checkpoint = checkpoint;
      if (!actor.heard.some(({ leaseId: heard }) => heard === leaseId)) actor.heard.push(offer);
    }
  }

  /** Why nothing of this process start is heard; null when it is. */
  #refusalOf({ agentId, instanceId }: Actor): ProblemCode | null {
    const enrolled = this.#known.instances.get(agentId);
    if (enrolled === undefined) return "unknown-agent";
    return enrolled === instanceId ? null : "fenced";
  }

  #strangeness({ jobId }: Lease): ProblemCode | null {
    return this.#known.jobs.has(jobId) ? null : "unknown-lease";
  }
}
