import type { ControlResponse } from "../../protocol/control.ts";
import { unreachable } from "../../foundation/assert.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { PlanStep, PlanStepOf } from "./plan/plan.ts";
import type { BrokerBody } from "./world/broker-body.ts";
import { simulatedJob } from "./world/job-behaviours.ts";
import type { Member } from "./world/member.ts";
import type { World } from "./world/world.ts";

const takesStep = 1;
const undoes = 2;

/** A submitter that finds nobody tries again after so long, in milliseconds. */
const submitAgainMs = 1_000;

type FaultClass = "link" | "host" | "broker";

/** Carries the steps of a plan out, each at its time, and undoes what they broke. */
export class Director implements EventTarget {
  readonly #world: World;
  readonly #broker: BrokerBody;
  readonly #members: Member[];
  readonly #undos = new Set<() => void>();
  readonly jobIds: string[] = [];
  /** Jobs that a step asked for and the broker has not taken yet. */
  waiting = 0;
  #calm = false;

  constructor(world: World, { broker, members }: { broker: BrokerBody; members: Member[] }) {
    this.#world = world;
    this.#broker = broker;
    this.#members = members;
  }

  schedule(steps: readonly PlanStep[]): void {
    for (const step of steps) this.#world.heap.push(step.atMs, this, takesStep, step);
  }

  happen(what: number, detail: unknown): void {
    if (what === undoes) (detail as () => void)();
    else this.take(detail as PlanStep);
  }

  /** Faults stop: whatever is still broken is mended, and nothing is broken any more. */
  calm(): void {
    this.#calm = true;
    for (const undo of [...this.#undos]) undo();
  }

  take(step: PlanStep): void {
    if (this.#calm && step.do !== "submit") return;
    switch (step.do) {
      case "submit":
        return this.#submit(step);
      case "cancel": {
        const jobId = this.jobIds[step.job % Math.max(1, this.jobIds.length)];
        if (jobId !== undefined) this.#broker.ask({ type: "cancel", jobId });
        return;
      }
      case "pause":
        return this.pause(this.#member(step));
      case "resume":
        return this.resume(this.#member(step));
      case "withdraw":
        this.#member(step)?.body?.ask(
          { command: "withdraw", reason: "plan", deadlineMs: step.deadlineMs },
          () => undefined,
        );
        return;
      case "signal":
        return this.#signal(step);
      case "command": {
        const agentId = this.#member(step)?.host.agentId;
        const message = { command: step.command, reason: "plan" };
        if (agentId !== undefined) this.#broker.ask({ type: "command", agentId, message });
        return;
      }
      case "kill-agent":
      case "crash-host":
      case "stall-agent":
      case "fail-checkpoints":
      case "fail-spawns":
      case "jump-clock":
        return this.#breakHost(step);
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

  /** The owner pauses the host. */
  pause(member: Member | undefined): void {
    member?.body?.ask({ command: "pause", reason: "plan" }, () => undefined);
  }

  /** The owner lets it go on; how much of it still stands when that is answered is seen from outside. */
  resume(member: Member | undefined): void {
    const body = member?.body;
    if (member === undefined || body === null || body === undefined) return;
    const askedAtMs = this.#world.nowMs;
    body.ask({ command: "resume", reason: "plan" }, (response) => this.#sawResume(member, { askedAtMs, response }));
  }

  #sawResume({ host, body }: Member, { askedAtMs, response }: { askedAtMs: number; response: ControlResponse }): void {
    if (!response.ok || body === null || body.core.freeze !== null) return;
    let processes = 0;
    let stopped = 0;
    for (const sandbox of host.sandboxes.values()) {
      if (sandbox.processes === 0 || sandbox.parent !== body.instanceId) continue;
      processes += sandbox.processes;
      if (sandbox.isStopped) stopped += sandbox.processes;
    }
    const latencyMs = this.#world.nowMs - askedAtMs;
    const { agentId } = host;
    this.#world.record(this.#world.harness, "witness.resume", { agentId, latencyMs, processes, stopped });
  }

  #submit(step: PlanStepOf<"submit">): void {
    const jobs = Array.from({ length: step.jobs }, () => simulatedJob(step.behaviour));
    const jobIds = this.#broker.submit(jobs);
    this.jobIds.push(...jobIds);
    if (jobIds.length > 0) return;
    this.waiting += step.jobs;
    this.#in(submitAgainMs, () => {
      this.waiting -= step.jobs;
      this.#submit(step);
    });
  }

  #signal({ agent, name, downMs }: PlanStepOf<"signal">): void {
    const member = this.#member({ agent });
    if (member?.body === null || member === undefined) return;
    member.downMs = downMs;
    member.body.signal(name);
  }

  #breakHost(
    step: PlanStepOf<"kill-agent" | "crash-host" | "stall-agent" | "fail-checkpoints" | "fail-spawns" | "jump-clock">,
  ): void {
    const member = this.#member(step);
    if (step.do === "jump-clock") {
      if (member === undefined) this.#broker.jumpClock(step.byMs);
      else member.host.clockOffsetMs += step.byMs;
      return this.#note(step.do, member?.host.agentId ?? "broker", `by ${step.byMs} ms`);
    }
    if (member === undefined) return;
    const { host, body } = member;
    if (step.do === "kill-agent") {
      if (body === null) return;
      member.downMs = step.downMs;
      this.#break(step.do, { kind: "host", target: host.agentId, forMs: step.downMs, undo: () => body.disarm() });
      body.kill(step);
    } else if (step.do === "crash-host") {
      member.downMs = step.downMs;
      this.#break(step.do, { kind: "host", target: host.agentId, forMs: step.downMs, undo: () => undefined });
      body?.kill({ afterEffects: 0, edge: "after" });
      host.losePower();
    } else if (step.do === "stall-agent") {
      this.#break(step.do, {
        kind: "host",
        target: host.agentId,
        forMs: step.forMs,
        undo: () => (this.#calm ? body?.wake() : undefined),
      });
      body?.stall(step.forMs);
    } else {
      const what = step.do === "fail-spawns" ? "spawnsFail" : "checkpointsFail";
      host[what] += 1;
      const undo = (): void => void (host[what] -= 1);
      this.#break(step.do, { kind: "host", target: host.agentId, forMs: step.forMs, undo });
    }
  }

  #disturb(step: PlanStepOf<"disturb-link">): void {
    const member = this.#member(step);
    if (member === undefined) return;
    const undo = member.host.link.disturb(step);
    const { agentId } = member.host;
    this.#break(`${step.how} ${step.direction}`, { kind: "link", target: agentId, forMs: step.forMs, undo });
  }

  #breakBroker(step: PlanStepOf<"kill-broker" | "stall-broker" | "stall-store" | "lose-store">): void {
    const broker = this.#broker;
    const nothing = (): void => undefined;
    if (step.do === "kill-broker") {
      this.#break(step.do, { kind: "broker", target: "broker", forMs: step.downMs, undo: () => broker.disarm() });
      broker.kill(step);
    } else if (step.do === "lose-store") {
      const subjects = broker.loseStore(step);
      const detail = step.writes === null ? "everything is forgotten" : `the last ${step.writes} commits are forgotten`;
      this.#break(step.do, { kind: "broker", target: "store", forMs: step.downMs, undo: nothing, subjects, detail });
    } else {
      // One of several that overlap ends when the longest does, or when all faults stop.
      const undo = (): void => (this.#calm ? broker.wake() : undefined);
      this.#break(step.do, { kind: "broker", target: "broker", forMs: step.forMs, undo });
      if (step.do === "stall-broker") broker.stall(step.forMs);
      else broker.stallStore(step.forMs);
    }
  }

  #break(
    fault: string,
    {
      kind,
      target,
      forMs,
      undo,
      subjects = [],
      detail = `for ${forMs} ms`,
    }: {
      kind: FaultClass;
      target: string;
      forMs: number;
      undo: () => void;
      subjects?: string[];
      detail?: string;
    },
  ): void {
    this.#note(fault, target, detail, subjects);
    this.#world.faults.apply(kind);
    const mend = (): void => {
      if (!this.#undos.delete(mend)) return;
      undo();
      this.#world.faults.undo(kind);
      this.#world.record(this.#world.harness, "fault.undone", { fault, target });
    };
    this.#undos.add(mend);
    this.#in(forMs, mend);
  }

  #note(fault: string, target: string, detail: string, subjects: string[] = []): void {
    this.#world.record(this.#world.harness, "fault.applied", { fault, target, detail, subjects });
  }

  #in(delayMs: number, happens: () => void): void {
    this.#world.heap.push(this.#world.nowMs + delayMs, this, undoes, happens);
  }

  /** A plan may name an agent that its cast does not have (it was made smaller): nothing happens to it then. */
  #member({ agent }: { readonly agent: number | null }): Member | undefined {
    return agent === null ? undefined : this.#members[agent];
  }
}
