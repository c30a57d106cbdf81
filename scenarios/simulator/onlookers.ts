import type { AgentStatus } from "../../protocol/control.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { BrokerBody } from "./world/broker-body.ts";
import type { Member } from "./world/member.ts";
import type { World } from "./world/world.ts";

/** The first look, in milliseconds: between two whole ones, so that nobody looks between two things of one moment. */
const firstLookMs = 6_937.5;
/** Each look lets so many times longer go by than the one before, in whole milliseconds: long runs are long. */
const patience = 1.2;
/** Of a larger fleet the lists are too long to be looked at again and again. */
const agentsMax = 64;

/** The operator who asks for the lists, and the owners who ask for the status. They only look; see `status-true`. */
export class Onlookers implements EventTarget {
  readonly #world: World;
  readonly #broker: BrokerBody;
  readonly #members: readonly Member[];
  #looks = 0;

  constructor(world: World, { broker, members }: { broker: BrokerBody; members: readonly Member[] }) {
    this.#world = world;
    this.#broker = broker;
    this.#members = members;
  }

  begin(): void {
    if (this.#world.options.agents <= agentsMax) this.#world.heap.push(firstLookMs, this, 0, null);
  }

  happen(): void {
    this.#looks += 1;
    const body = this.#members[this.#looks % Math.max(1, this.#members.length)]?.body ?? null;
    if (this.#looks % 2 === 0) this.#lookAtBroker();
    else if (body !== null && !body.isStalled) {
      const pauseWaits = body.asked?.waitsFor("pause") === true;
      body.ask({ command: "status" }, (response) => {
        if (response.ok && response.status !== undefined) this.#sawStatus(response.status, pauseWaits);
      });
    }
    const delayMs = Math.ceil(firstLookMs * patience ** this.#looks);
    this.#world.heap.push(this.#world.nowMs + delayMs, this, 0, null);
  }

  #lookAtBroker(): void {
    const shown = this.#broker.shown();
    if (shown === null) return;
    const world = this.#world;
    world.record(world.harness, "witness.jobs", {
      jobs: shown.jobs.map(({ jobId, state, epoch, agentId, leaseId, submittedAt }) => {
        return { jobId, state, epoch, agentId, leaseId, submittedAt };
      }),
      dead: shown.dead.map(({ jobId }) => jobId),
    });
    world.record(world.harness, "witness.agents", {
      agents: shown.agents.map(({ agentId, standing, state, leases, enrolledAt }) => {
        return { agentId, standing, state, leases, enrolledAt };
      }),
    });
  }

  #sawStatus(status: AgentStatus, pauseWaits: boolean): void {
    const { instanceId, state, brokerReachable, pauseAsked, sandboxes } = status;
    const world = this.#world;
    const seen = sandboxes.map(({ leaseId, execution, pid }) => ({ leaseId, execution, pid }));
    world.record(world.harness, "witness.status", {
      instanceId,
      state,
      brokerReachable,
      pauseAsked,
      pauseWaits,
      sandboxes: seen,
    });
  }
}
