import { unreachable } from "../../foundation/assert.ts";
import { neverMs } from "./never.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { PlanStepOf } from "./plan/plan.ts";
import type { BrokerBody } from "./world/broker-body.ts";
import type { Member } from "./world/member.ts";
import type { World } from "./world/world.ts";

export type FaultStep = PlanStepOf<
  | "kill-agent"
  | "crash-host"
  | "stall-agent"
  | "fail-checkpoints"
  | "fail-spawns"
  | "rot-checkpoints"
  | "jump-clock"
  | "disturb-link"
  | "kill-broker"
  | "stall-broker"
  | "stall-store"
  | "lose-store"
>;

/** A fault in force. */
interface Break {
  readonly kind: "link" | "host" | "broker";
  readonly target: string;
  /** Null for as long as nobody mends it. */
  readonly forMs: number | null;
  readonly undo: () => void;
  /** What it took away for good, by id. */
  readonly subjects?: string[];
  readonly detail?: string;
}

const nothing = (): void => undefined;
const both = (first: () => void, then: () => void) => (): void => {
  first();
  then();
};
const lasting = (ms: number | null): string => (ms === neverMs ? "until it is mended" : `for ${ms} ms`);

/** Breaks what a plan wants broken, and mends it when its time is over or all faults stop. */
export class Faults implements EventTarget {
  readonly #world: World;
  readonly #broker: BrokerBody;
  readonly #members: readonly Member[];
  readonly #undos = new Set<() => void>();
  /** Whether faults have stopped. */
  isCalm = false;

  constructor(world: World, { broker, members }: { broker: BrokerBody; members: readonly Member[] }) {
    this.#world = world;
    this.#broker = broker;
    this.#members = members;
  }

  /** Faults stop: whatever is still broken is mended, and nothing is broken any more. */
  calm(): void {
    this.isCalm = true;
    for (const undo of [...this.#undos]) undo();
  }

  happen(_what: number, mend: unknown): void {
    (mend as () => void)();
  }

  /** @returns mends it before its time; what no time mends, nothing does */
  apply(step: FaultStep): () => void {
    if (this.isCalm) return nothing;
    switch (step.do) {
      case "kill-agent":
      case "crash-host":
      case "stall-agent":
      case "fail-checkpoints":
      case "fail-spawns":
        return this.#breakHost(step);
      case "rot-checkpoints":
        return this.#rot(step);
      case "jump-clock":
        return this.#jumpClock(step);
      case "disturb-link":
        return this.#disturb(step);
      case "kill-broker":
      case "stall-broker":
      case "stall-store":
      case "lose-store":
        return this.#breakBroker(step);
      default:
        return unreachable(step);
    }
  }

  #breakHost(
    step: PlanStepOf<"kill-agent" | "crash-host" | "stall-agent" | "fail-checkpoints" | "fail-spawns">,
  ): () => void {
    const member = this.#member(step);
    if (member === undefined) return nothing;
    const { host, body } = member;
    const of = { kind: "host", target: host.agentId } as const;
    const startAgain = (): void => member.start();
    if (step.do === "kill-agent") {
      if (body === null) return nothing;
      member.downMs = step.downMs;
      const mend = this.#kill(step, { ...of, undo: () => body.disarm() });
      body.kill(step, mend.inTime);
      return both(startAgain, mend.now);
    }
    if (step.do === "crash-host") {
      member.downMs = step.downMs;
      const mend = this.#break(step.do, { ...of, forMs: step.downMs, undo: nothing });
      body?.kill({ afterEffects: 0, edge: "after" }, nothing);
      host.losePower();
      return both(startAgain, mend);
    }
    if (step.do === "stall-agent") {
      // One of several that overlap ends when the longest does, or when all faults stop.
      const undo = (): void => (this.isCalm ? body?.wake() : undefined);
      const mend = this.#break(step.do, { ...of, forMs: step.forMs, undo });
      body?.stall(step.forMs);
      return both(mend, () => body?.wake());
    }
    const what = step.do === "fail-spawns" ? "spawnsFail" : "checkpointsFail";
    host[what] += 1;
    return this.#break(step.do, { ...of, forMs: step.forMs, undo: () => void (host[what] -= 1) });
  }

  #breakBroker(step: PlanStepOf<"kill-broker" | "stall-broker" | "stall-store" | "lose-store">): () => void {
    const broker = this.#broker;
    const of = { kind: "broker", target: "broker" } as const;
    const startAgain = (): void => (broker.isUp ? undefined : broker.start());
    if (step.do === "kill-broker") {
      const mend = this.#kill(step, { ...of, undo: () => broker.disarm() });
      broker.kill(step, mend.inTime);
      return both(startAgain, mend.now);
    }
    if (step.do === "lose-store") {
      const subjects = broker.loseStore(step);
      const detail = step.writes === null ? "everything is forgotten" : `the last ${step.writes} commits are forgotten`;
      const broken = { ...of, target: "store", forMs: step.downMs, undo: nothing, subjects, detail };
      return both(startAgain, this.#break(step.do, broken));
    }
    const undo = (): void => (this.isCalm ? broker.wake() : undefined);
    const mend = this.#break(step.do, { ...of, forMs: step.forMs, undo });
    if (step.do === "stall-broker") broker.stall(step.forMs);
    else broker.stallStore(step);
    return both(mend, () => broker.wake());
  }

  /** Nothing mends that. */
  #rot(step: PlanStepOf<"rot-checkpoints">): () => void {
    const member = this.#member(step);
    if (member === undefined) return nothing;
    member.host.rotCheckpoints();
    this.#note(step.do, { target: member.host.agentId, detail: "what is on the disk now", subjects: [] });
    return nothing;
  }

  #jumpClock({ do: fault, agent, byMs }: PlanStepOf<"jump-clock">): () => void {
    const member = agent === null ? undefined : this.#member({ agent });
    const target = member?.host.agentId ?? "broker";
    const jump = (ms: number): void => {
      if (agent === null) this.#broker.jumpClock(ms);
      else if (member !== undefined) member.host.clockOffsetMs += ms;
    };
    jump(byMs);
    this.#note(fault, { target, detail: `by ${byMs} ms`, subjects: [] });
    return () => {
      jump(-byMs);
      this.#world.record(this.#world.harness, "fault.undone", { fault, target });
    };
  }

  #disturb(step: PlanStepOf<"disturb-link">): () => void {
    const member = this.#member(step);
    if (member === undefined) return nothing;
    const undo = member.host.link.disturb(step);
    const { agentId } = member.host;
    return this.#break(`${step.how} ${step.direction}`, { kind: "link", target: agentId, forMs: step.forMs, undo });
  }

  /**
   * A kill is in force from the moment when its fuse is lit until the process is up again.
   *
   * @returns `inTime`: to be called when it died
   */
  #kill(
    { do: fault, afterEffects, downMs }: PlanStepOf<"kill-agent" | "kill-broker">,
    broken: Omit<Break, "forMs">,
  ): { readonly inTime: () => void; readonly now: () => void } {
    const detail = afterEffects === 0 ? lasting(downMs) : `${afterEffects} effects from now, ${lasting(downMs)}`;
    const now = this.#break(fault, { ...broken, detail, forMs: null });
    return { inTime: () => this.#in(downMs, now), now };
  }

  /** @returns mends it */
  #break(fault: string, { kind, target, forMs, undo, subjects = [], detail = lasting(forMs) }: Break): () => void {
    this.#note(fault, { target, detail, subjects });
    this.#world.faults.apply(kind);
    const mend = (): void => {
      if (!this.#undos.delete(mend)) return;
      undo();
      this.#world.faults.undo(kind);
      this.#world.record(this.#world.harness, "fault.undone", { fault, target });
    };
    this.#undos.add(mend);
    if (forMs !== null) this.#in(forMs, mend);
    return mend;
  }

  #note(fault: string, { target, detail, subjects }: { target: string; detail: string; subjects: string[] }): void {
    this.#world.record(this.#world.harness, "fault.applied", { fault, target, detail, subjects });
  }

  #in(delayMs: number, happens: () => void): void {
    this.#world.heap.push(this.#world.nowMs + delayMs, this, 0, happens);
  }

  /** A plan may name an agent that its cast does not have (it was made smaller): nothing happens to it then. */
  #member({ agent }: { readonly agent: number }): Member | undefined {
    return this.#members[agent];
  }
}
