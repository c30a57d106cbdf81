import { agentLimits } from "../../agent/core/limits.ts";
import { isTerminalExecution } from "../../protocol/execution-states.ts";
import { Convergence } from "./convergence.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { Failure } from "./outcome.ts";
import type { Simulation } from "./simulation.ts";
import type { AgentBody } from "./world/agent-body.ts";
import { behaviourOf } from "./world/job-behaviours.ts";
import type { Member } from "./world/member.ts";

/** Whether everything has come to its end is looked at this often, in milliseconds. */
const lookEveryMs = 500;
/** The most jobs and agents that a story names. */
const namesMax = 5;

const nothing: readonly never[] = [];

/**
 * The liveness phase: faults stop, the broker and every agent that has not left are up, owners let go on what they
 * paused. Within its bound every job must reach its end (L2) and every withdrawal too.
 */
export class Liveness implements EventTarget {
  readonly #simulation: Simulation;
  /** The bound; it begins anew when jobs come in that nobody took before. None while it is only watched that all agree. */
  endsAtMs = Infinity;
  #jobs = -1;
  /** Once everything has come to its end. */
  #convergence: Convergence | null = null;
  isOver = false;
  /** Those that are paused when faults stop; each is let go on when agent and broker agree on it. */
  readonly #resting = new Set<Member>();
  #beganAtMs = Infinity;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  begin(): void {
    const { world, director, broker, members, plan } = this.#simulation;
    world.nowMs = Math.max(world.nowMs, plan.options.safetyMs);
    this.#beganAtMs = world.nowMs;
    director.calm();
    if (!broker.isUp) broker.start();
    broker.disarm();
    for (const member of members) member.calm();
    this.#rest();
    this.happen();
  }

  happen(): void {
    const { world, director, members } = this.#simulation;
    for (const member of this.#resting) {
      if (!this.#isSettled(member)) continue;
      this.#resting.delete(member);
      this.#extendTo(world.nowMs);
    }
    for (const member of members) {
      if (this.#resting.has(member) || member.body === null || member.body.core.pause === null) continue;
      // It must end by itself.
      if (member.body.core.pause.by === "activity") continue;
      director.resume(member);
    }
    // Somebody has to be there to do the work that is left.
    if (members.every(isLeaving)) this.#simulation.addMember().start();
    director.endSpawned();
    this.#extend();
    let lookAtMs = world.nowMs + lookEveryMs;
    if (this.#isFinished()) {
      this.#convergence ??= new Convergence(this.#simulation);
      this.#convergence.look();
      this.isOver = this.#convergence.isOver;
      lookAtMs = world.nowMs + this.#convergence.lookEveryMs;
      // That has a bound of its own.
      this.endsAtMs = Infinity;
    } else {
      // Somebody came to have something to do again.
      if (this.endsAtMs === Infinity) this.#extendTo(world.nowMs);
      // What is done in time is seen to be.
      if (world.nowMs < this.endsAtMs) lookAtMs = Math.min(lookAtMs, this.endsAtMs);
    }
    if (!this.isOver) world.heap.push(lookAtMs, this, 0, null);
  }

  /** Nothing fails any more, so the broker must come to know of every pause (WC-2); in some runs one begins just now. */
  #rest(): void {
    const { world, director, members } = this.#simulation;
    for (const member of members) {
      if (member.body !== null && member.body.core.pause !== null) this.#resting.add(member);
    }
    const stream = world.tape.stream("liveness");
    if (!stream.chance("rests", 0.5)) return;
    const member = members[stream.upTo("who", members.length - 1)];
    if (member === undefined || member.gone || this.#resting.has(member)) return;
    this.#resting.add(member);
    director.pause(member);
  }

  /** Whether the broker has acknowledged the pause, and holds what was saved of each job that stands still. */
  #isSettled({ body, gone, host: { agentId } }: Member): boolean {
    if (gone || (body?.core.withdrawal ?? null) !== null) return true;
    const { world, broker, acknowledgedAtMs } = this.#simulation;
    if (body === null) return false;
    // What was asked just now is seen in a moment; later on the operator may have let it go on.
    if (body.core.pause === null) return world.nowMs > this.#beganAtMs;
    if (body.core.agent !== "Paused") return false;
    // Its end comes by itself, within the bound.
    if (body.core.pause.by === "activity") return false;
    const pausedForMs = world.wallMs(body.source.clockOffsetMs) - body.core.pause.triggeredAtMs;
    const toldForMs = world.nowMs - (acknowledgedAtMs.get(agentId) ?? -Infinity);
    if (toldForMs > pausedForMs) return false;
    // What a store forgot after it was told is not told again.
    if (broker.mayForget) return true;
    const held = broker.state?.agents.get(agentId)?.held;
    return body.core.leaseList.every(({ leaseId, stage, checkpoint }) => {
      const job = held?.get(leaseId);
      if (stage !== "running" || job === undefined) return true;
      if (checkpoint === null || checkpoint.upload === "refused") return true;
      return job.checkpoint?.manifestDigest === checkpoint.reference.manifestDigest;
    });
  }

  #extend(): void {
    const { world, broker } = this.#simulation;
    const jobs = broker.state?.jobs.size ?? 0;
    if (jobs <= this.#jobs) return;
    this.#jobs = jobs;
    this.#extendTo(world.nowMs);
  }

  #extendTo(fromMs: number): void {
    const { options, steps } = this.#simulation.plan;
    const quietMs = steps.some((step) => step.do === "activity") ? (options.quietMs ?? agentLimits.quietMs) : 0;
    this.endsAtMs = fromMs + options.livenessMs + quietMs + this.#workMs();
  }

  /** Null when everything came to its end in time. */
  failure(): Failure | null {
    const { world, plan } = this.#simulation;
    if (this.isOver) {
      const found = this.#convergence?.story ?? [];
      if (found.length === 0) return null;
      return { invariant: "convergence", kind: "liveness", atMs: world.nowMs, story: found };
    }
    const unfinished = [...this.#unfinished()];
    // After the last look, in the same moment: it is not known whether all agree.
    if (unfinished.length === 0) unfinished.push("what was left came to its end when it was too late to look");
    const forS = ((this.endsAtMs - plan.options.safetyMs) / 1_000).toFixed(0);
    const summary = `faults stopped ${forS} s ago, and not everything has come to its end`;
    const more = unfinished.length > namesMax ? [`… and ${unfinished.length - namesMax} more`] : [];
    const story = [summary, ...unfinished.slice(0, namesMax), ...more];
    const invariant = unfinished.some(isOfWork) ? "L2" : "L1";
    return { invariant, kind: "liveness", atMs: world.nowMs, story };
  }

  #isFinished(): boolean {
    return this.#unfinished().next().done === true;
  }

  /** What has not come to its end, as lines. Asked for all the time: up to the first it puts nothing into words. */
  *#unfinished(): Generator<string> {
    const { members } = this.#simulation;
    let isAny = false;
    for (const line of this.#undone()) {
      isAny = true;
      yield line;
    }
    if (isAny) return;
    for (const member of members) if (keepsAny(member)) yield* keptBy(member);
  }

  *#undone(): Generator<string> {
    const { broker, members, director } = this.#simulation;
    const { state } = broker;
    if (state === null) {
      yield "the broker is down";
      return;
    }
    if (director.waiting > 0) yield `job: ${director.waiting} could not be submitted`;
    if (state.jobs.size > state.settled.size) {
      for (const job of state.jobs.values()) {
        if (job.completedAt === null)
          yield `${job.jobId} is ${job.state}, epoch ${job.epoch}: ${job.handedBackReason ?? ""}`;
      }
    }
    if (state.executions.size > state.executionsSettled.size) {
      for (const { executionId, state: is } of state.executions.values()) {
        if (!isTerminalExecution(is)) yield `${executionId} is ${is}`;
      }
    }
    for (const member of members) yield* unfinishedOf(member);
    for (const { host } of this.#resting) yield `agent ${host.index} is paused, and the broker does not know`;
  }

  /** What is left to do, by whoever is there to do it; three times over, because work may be lost on the way. */
  #workMs(): number {
    const { broker, members, plan } = this.#simulation;
    const workers = members.filter((member) => !isLeaving(member)).length;
    const { heartbeatIntervalMs, startAgainAfterMs, backoffMsMax } = plan.options.timing;
    const againMs = startAgainAfterMs + backoffMsMax + 2 * heartbeatIntervalMs;
    let totalMs = 0;
    let longestMs = 0;
    for (const job of broker.state?.jobs.values() ?? []) {
      if (job.completedAt !== null) continue;
      const { units, unitMs, spawnFails } = behaviourOf(job.job);
      // One that starts nowhere is tried anew, each time a while later, until its redeliveries are used up.
      const tries = spawnFails ? (job.job.redeliveriesMax + 1) * againMs : 0;
      const jobMs = units * unitMs + tries;
      totalMs += jobMs;
      longestMs = Math.max(longestMs, jobMs);
    }
    return 3 * (longestMs + totalMs / Math.max(1, workers * plan.options.slots));
  }
}

/** Somebody waits for work, or for whoever would do some. */
function isOfWork(line: string): boolean {
  return /^job| is paused | takes its owner /.test(line);
}

/** It takes no work any more. */
function isLeaving({ gone, body }: Member): boolean {
  return gone || (body?.core.withdrawal ?? null) !== null;
}

function isAtRest({ core, unanswered }: AgentBody): boolean {
  const { agent, withdrawal, shutdown, pause, activity, leaseList } = core;
  if (agent === "Enrolling" || withdrawal !== null || shutdown !== null) return false;
  return leaseList.length === 0 && pause === null && activity === null && unanswered === 0;
}

function unfinishedOf({ host, body, gone }: Member): readonly string[] {
  if (gone || (body !== null && isAtRest(body))) return nothing;
  const name = `agent ${host.index}`;
  if (body === null) return [`${name} is down`];
  const { core } = body;
  if (core.withdrawal !== null) return [`${name} is withdrawing, at ${core.withdrawal.record.current}`];
  if (core.shutdown !== null) return [`${name} is shutting down, at ${core.shutdown.phase}`];
  if (body.unanswered > 0) return [`${name} owes its owner an answer`];
  if (core.agent === "Enrolling") return [`${name} has not enrolled`];
  if (core.pause !== null) return [`${name} is paused by ${core.pause.by}: ${core.pause.reason}`];
  if (core.activity !== null) return [`${name} takes its owner to be active: ${core.activity.what}`];
  // A broken slot stays broken for as long as the kernel holds the process: that is an end, and nobody waits for it.
  const held = core.leaseList.filter((lease) => lease.stage !== "broken");
  return held.map((lease) => `${name} still holds ${lease.leaseId}, ${lease.stage}`);
}

/** Directories of leases that are over. Whoever was refused for good keeps what it has until its owner withdraws it. */
function keptBy({ host, body, gone }: Member): string[] {
  if (gone) return [];
  return host
    .things()
    .filter((thing) => isKept(thing, body?.core.leases ?? {}))
    .map((thing) => `agent ${host.index} still keeps ${thing}`);
}

/** Whether `keptBy` would name something. */
function keepsAny({ host, body, gone }: Member): boolean {
  return !gone && host.hasAny((thing) => isKept(thing, body?.core.leases ?? {}));
}

function isKept(thing: string, leases: object): boolean {
  return /\/(sandboxes|checkpoints)\//.test(thing) && !(thing.slice(thing.lastIndexOf("/") + 1) in leases);
}
