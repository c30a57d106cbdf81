import { disagreements } from "./agreement.ts";
import { leftOnHost, strangeOnHost } from "./host-agreement.ts";
import { livenessMsOf } from "./plan/liveness-bound.ts";
import type { Simulation } from "./simulation.ts";
import { brokersToken } from "./world/broker-input.ts";
import type { Member } from "./world/member.ts";

/** The most lines that a story has. */
const linesMax = 6;
/** How long it is watched that nothing moves any more, in heartbeats. */
const quietHeartbeats = 3;
/** What was sent over a link that was slow arrives so long after it was mended at the latest; milliseconds. */
const lateMsMax = 25_000;
/** A heartbeat is so many events at most: timers put off and taken, the ways there and back; and what came too late. */
const eventsPerHeartbeat = 12;
/** So many more may still come of what each member once began: deadlines that were met, restarts called off. */
const eventsPerMember = 30;
/** A heartbeat is so many records: that the agent woke, and that the broker heard it. */
const recordsPerHeartbeat = 2;

/** What has happened by a moment. */
interface Tally {
  readonly atMs: number;
  readonly heartbeats: number;
  readonly otherCalls: number;
  readonly events: number;
  readonly records: number;
}

/**
 * The end of the liveness phase. When all work is done and everybody who leaves has left, agents, hosts and broker must
 * come to agree within a bound, in detail; and then nothing but heartbeats may happen any more. What is lost under
 * faults (an acknowledgement, a revocation, a timer, a directory) shows here and nowhere else: nobody waits for it.
 */
export class Convergence {
  readonly #simulation: Simulation;
  readonly #boundMs: number;
  #agreed: Tally | null = null;
  #broken: string[] = [];
  isOver = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#boundMs = simulation.world.nowMs + livenessMsOf(simulation.plan.options.timing);
  }

  /** How often it wants to look, in milliseconds. */
  get lookEveryMs(): number {
    return this.#simulation.plan.options.timing.heartbeatIntervalMs / 2;
  }

  look(): void {
    const { world, plan } = this.#simulation;
    if (this.#agreed === null) {
      const isLate = world.nowMs >= this.#boundMs;
      if (!isLate && this.#differs()) return;
      // A look at everything costs as much as there is: whoever does not differ is not looked at twice.
      this.#broken = isLate ? this.#allDifferences() : [];
      this.#agreed = this.#tally();
      if (this.#broken.length > 0) this.isOver = true;
      return;
    }
    if (world.nowMs < this.#agreed.atMs + quietHeartbeats * plan.options.timing.heartbeatIntervalMs) return;
    this.#broken = [...this.#allDifferences(), ...this.#noise(this.#agreed)];
    this.isOver = this.#broken.length === 0 || world.nowMs > plan.options.safetyMs + lateMsMax;
    if (!this.isOver) this.#agreed = null;
  }

  /** What is wrong, as lines; empty when nothing is. */
  get story(): string[] {
    if (this.#broken.length === 0) return [];
    const { world, plan } = this.#simulation;
    const sinceS = ((world.nowMs - plan.options.safetyMs) / 1_000).toFixed(0);
    const summary = `faults stopped ${sinceS} s ago, all work is done, and agents, hosts and broker do not agree or rest`;
    return [summary, ...this.#broken.slice(0, linesMax)];
  }

  #differs(): boolean {
    return this.#differences().next().done !== true;
  }

  #allDifferences(): string[] {
    return [...this.#differences()];
  }

  *#differences(): Generator<string> {
    const { members, broker } = this.#simulation;
    for (const member of members) {
      for (const clause of this.#differencesOf(member)) yield `agent ${member.host.index} ${clause}`;
    }
    if (broker.state !== null && broker.state.queue.size > 0) yield "the broker's queue is not empty";
    if (broker.spawner.living > 0)
      yield `${broker.spawner.living} agents run that the broker started, and it has no idea`;
  }

  *#differencesOf(member: Member): Generator<string> {
    const { broker, plan } = this.#simulation;
    const { body, host, gone } = member;
    if (gone) {
      const keepsHome = member.wasRefused && member.keepsHome;
      yield* leftOnHost(host, { mayKeepHome: keepsHome });
      if (keepsHome && !host.has(`key:${host.home}/key.pem`)) yield "was refused, and its home is not there";
      yield* this.#trustIn(member);
    } else if (body === null) yield "is down";
    else {
      if (host.joinToken !== brokersToken) yield "was taken in with a wrong token";
      yield* disagreements(body, { broker, options: plan.options });
      yield* strangeOnHost(body);
    }
  }

  /** Who has left is revoked, told or not: the broker holds a revocation, and applies it when it has heard nothing for long. */
  *#trustIn({ host: { agentId } }: Member): Generator<string> {
    const { broker, plan } = this.#simulation;
    const known = broker.state?.agents.get(agentId);
    if (known === undefined || known.standing === "revoked") return;
    // Who left over a dead line is still connected as far as the broker's machine knows, which has nothing to send.
    if (known.isConnected && known.standing !== "lost") yield "has left, and its event stream is open";
    const { revokeLostAfterMs, revokeShutdownAfterMs } = plan.options.timing;
    const boundMs = livenessMsOf(plan.options.timing);
    // Nobody waits for a week, or for a quarter of a year; it is counted.
    if (known.standing === "lost" && revokeLostAfterMs > boundMs) return;
    if (known.standing === "shutdown" && revokeShutdownAfterMs > boundMs) return;
    yield `has left, and its key is not revoked: it is ${known.standing}`;
  }

  #tally(): Tally {
    const { world, network } = this.#simulation;
    const { heartbeats, otherCalls } = network;
    // Witnesses look on, and what they see is no noise.
    const records = world.records - world.harness.nextSequence;
    return { atMs: world.nowMs, heartbeats, otherCalls, events: world.events, records };
  }

  /** What happened beside heartbeats, since it was agreed. */
  *#noise(before: Tally): Generator<string> {
    const { members, network, plan } = this.#simulation;
    const now = this.#tally();
    const { heartbeatIntervalMs, heartbeatJitterRatio } = plan.options.timing;
    const agents = members.filter((member) => !member.gone).length;
    const forMs = now.atMs - before.atMs;
    const heartbeats = now.heartbeats - before.heartbeats;
    const most = agents * (1 + Math.ceil(forMs / (heartbeatIntervalMs * (1 - heartbeatJitterRatio))));
    const least = agents * Math.floor(forMs / (heartbeatIntervalMs * (1 + heartbeatJitterRatio)) - 1);
    if (heartbeats > most) yield `${agents} agents sent ${heartbeats} heartbeats in ${forMs} ms, and none had a reason`;
    if (heartbeats < least) yield `${agents} agents sent ${heartbeats} heartbeats in ${forMs} ms`;
    if (now.otherCalls > before.otherCalls) yield `something was said beside heartbeats: ${network.lastOtherCall}`;
    const events = now.events - before.events;
    const eventsMax = eventsPerHeartbeat * (heartbeats + agents) + eventsPerMember * members.length;
    if (events > eventsMax) yield `${events} events in ${forMs} ms of rest`;
    const records = now.records - before.records;
    if (records > recordsPerHeartbeat * (heartbeats + agents) + members.length)
      yield `${records} records in ${forMs} ms of rest`;
  }
}
