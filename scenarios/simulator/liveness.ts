import { agentLimits } from "../../agent/core/limits.ts";
import { Convergence } from "./convergence.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { Failure } from "./outcome.ts";
import type { Simulation } from "./simulation.ts";
import { behaviourOf } from "./world/job-behaviours.ts";
import type { Member } from "./world/member.ts";

/** Whether everything has come to its end is looked at this often, in milliseconds. */
const lookEveryMs = 500;
/** A host that could not start a job does not try it again for so long. */
const startAgainMs = agentLimits.unspawnableForMs;
/** The most jobs and agents that a story names. */
const namesMax = 5;

/**
 * The liveness phase: faults stop, the broker and every agent that has not left are up, owners let go on what they
 * paused. Within its bound every job must reach its end (L2) and every withdrawal too.
 */
export class Liveness implements EventTarget {
  readonly #simulation: Simulation;
  /** The bound; it begins anew when jobs come in that nobody took before. */
  endsAtMs = Infinity;
  #jobs = -1;
  /** Once everything has come to its end. */
  #convergence: Convergence | null = null;
  isOver = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  begin(): void {
    const { world, director, broker, members, plan } = this.#simulation;
    world.nowMs = Math.max(world.nowMs, plan.options.safetyMs);
    director.calm();
    if (!broker.isUp) broker.start();
    broker.disarm();
    for (const member of members) {
      member.start();
    }
    this.happen();
  }

  happen(): void {
    const { world, director, members } = this.#simulation;
    const paused = members.filter(({ body }) => body !== null && body.core.pause !== null);
    for (const member of paused) director.resume(member);
    // Somebody has to be there to do the work that is left.
    const isLeaving = (member: Member): boolean => member.gone || (member.body?.core.withdrawal ?? null) !== null;
    if (members.every(isLeaving)) this.#simulation.addMember().start();
    this.#extend();
    let lookInMs = lookEveryMs;
    if (paused.length === 0 && this.#unfinished().length === 0) {
      this.#convergence ??= new Convergence(this.#simulation);
      this.#convergence.look();
      this.isOver = this.#convergence.isOver;
      lookInMs = this.#convergence.lookEveryMs;
      this.endsAtMs = Infinity;
    }
    if (!this.isOver) world.heap.push(world.nowMs + lookInMs, this, 0, null);
  }

  #extend(): void {
    const { world, broker, plan } = this.#simulation;
    const jobs = broker.state?.jobs.size ?? 0;
    if (jobs <= this.#jobs) return;
    this.#jobs = jobs;
    this.endsAtMs = world.nowMs + plan.options.livenessMs + this.#workMs();
  }

  /** Null when everything came to its end in time. */
  failure(): Failure | null {
    const { world, plan } = this.#simulation;
    if (this.isOver) {
      const found = this.#convergence?.story ?? [];
      if (found.length === 0) return null;
      return { invariant: "convergence", kind: "liveness", atMs: world.nowMs, story: found };
    }
    const unfinished = this.#unfinished();
    if (unfinished.length === 0) return null;
    const forS = ((this.endsAtMs - plan.options.safetyMs) / 1_000).toFixed(0);
    const summary = `faults stopped ${forS} s ago, and not everything has come to its end`;
    const more = unfinished.length > namesMax ? [`… and ${unfinished.length - namesMax} more`] : [];
    const story = [summary, ...unfinished.slice(0, namesMax), ...more];
    const invariant = unfinished.some((line) => line.startsWith("job")) ? "L2" : "L1";
    return { invariant, kind: "liveness", atMs: world.nowMs, story };
  }

  #unfinished(): string[] {
    const { broker, members, director } = this.#simulation;
    const { state } = broker;
    if (state === null) return ["the broker is down"];
    const lines: string[] = [];
    if (director.waiting > 0) lines.push(`job: ${director.waiting} could not be submitted`);
    if (state.jobs.size > state.settled.size) {
      for (const job of state.jobs.values()) {
        if (job.completedAt === null)
          lines.push(`${job.jobId} is ${job.state}, epoch ${job.epoch}: ${job.handedBackReason ?? ""}`);
      }
    }
    for (const member of members) lines.push(...unfinishedOf(member));
    return lines;
  }

  /** What is left to do, by whoever is there to do it; three times over, because work may be lost on the way. */
  #workMs(): number {
    const { broker, members, plan } = this.#simulation;
    const workers = members.filter((member) => !member.gone).length;
    const { heartbeatIntervalMs } = plan.options.timing;
    let totalMs = 0;
    let longestMs = 0;
    for (const job of broker.state?.jobs.values() ?? []) {
      if (job.completedAt !== null) continue;
      const { units, unitMs, spawnFails } = behaviourOf(job.job);
      // One that starts nowhere is tried anew, each time a while later, until its redeliveries are used up.
      const tries = spawnFails ? (job.job.redeliveriesMax + 1) * (startAgainMs + 2 * heartbeatIntervalMs) : 0;
      const jobMs = units * unitMs + tries;
      totalMs += jobMs;
      longestMs = Math.max(longestMs, jobMs);
    }
    return 3 * (longestMs + totalMs / Math.max(1, workers * plan.options.slots));
  }
}

function unfinishedOf({ host, body, gone }: Member): string[] {
  const name = `agent ${host.index}`;
  if (gone) return [];
  if (body === null) return [`${name} is down`];
  const { core } = body;
  if (core.withdrawal !== null) return [`${name} is withdrawing, at ${core.withdrawal.record.current}`];
  if (core.shutdown !== null) return [`${name} is shutting down, at ${core.shutdown.phase}`];
  if (core.agent === "Enrolling") return [`${name} has not enrolled`];
  // A broken slot stays broken for as long as the kernel holds the process: that is an end, and nobody waits for it.
  const held = Object.values(core.leases).filter((lease) => lease.stage !== "broken");
  return held.map((lease) => `${name} still holds ${lease.leaseId}, ${lease.stage}`);
}
