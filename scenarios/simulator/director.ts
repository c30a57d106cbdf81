import { unreachable } from "../../foundation/assert.ts";
import type { ControlResponse } from "../../protocol/control.ts";
import { FederatedHub } from "./federated-hub.ts";
import { Faults } from "./faults.ts";
import type { EventTarget } from "./kernel/event-heap.ts";
import type { PlanStep, PlanStepOf } from "./plan/plan.ts";
import type { BrokerBody } from "./world/broker-body.ts";
import { brokersToken } from "./world/broker-input.ts";
import { simulatedSpawn } from "./world/spawn-behaviour.ts";
import { simulatedJob } from "./world/job-behaviours.ts";
import type { Member } from "./world/member.ts";
import type { World } from "./world/world.ts";

const takesStep = 1;
const undoes = 2;

/** A submitter that finds nobody tries again after so long, in milliseconds. */
const submitAgainMs = 1_000;

/** Carries the steps of a plan out, each at its time: submits, asks as an owner or operator would, breaks things. */
export class Director implements EventTarget {
  readonly #world: World;
  readonly #broker: BrokerBody;
  readonly #members: Member[];
  readonly faults: Faults;
  readonly #join: (joinToken: string) => Member;
  readonly #hub: FederatedHub;
  readonly jobIds: string[] = [];
  readonly executionIds: string[] = [];
  #commands = 0;
  /** Jobs that a step asked for and the broker has not taken yet. */
  waiting = 0;

  /** @param join lets somebody join who is not of the plan's cast */
  constructor(
    world: World,
    { broker, members, join }: { broker: BrokerBody; members: Member[]; join: (joinToken: string) => Member },
  ) {
    this.#world = world;
    this.#join = join;
    this.#broker = broker;
    this.#members = members;
    this.#hub = new FederatedHub(world, broker);
    this.faults = new Faults(world, { broker, members });
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
    if ((this.#broker.state?.drained ?? null) !== null) this.#endProcess(0);
    this.faults.calm();
  }

  take(step: PlanStep): void {
    if (this.faults.isCalm && step.do !== "submit") return;
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
      case "activity":
        return this.#member(step)?.body?.noticeActivity("plan");
      case "withdraw":
        return this.#withdraw(step);
      case "signal":
        return this.#signal(step);
      case "command": {
        const agentId = this.#member(step)?.host.agentId;
        this.#commands += 1;
        // By its name a command is told from every other one; see checkers/contact/command-once.
        const message = { command: step.command, reason: `command #${this.#commands}` };
        if (agentId === undefined) return;
        this.#world.record(this.#world.harness, "witness.command", { agentId, by: "broker", ...message });
        this.#broker.ask({ type: "command", agentId, message });
        return;
      }
      case "spawn": {
        const response = this.#broker.ask({ type: "spawn", spec: simulatedSpawn(step.behaviour) });
        if (response?.ok === true) this.executionIds.push(response.answer.executionId);
        return;
      }
      case "command-spoke":
        return this.#hub.take(step);
      case "kill-spawned":
        return this.#killSpawned(step);
      case "drain":
        return this.#drain(step);
      case "stranger":
        return this.#stranger(step);
      case "kill-agent":
      case "crash-host":
      case "stall-agent":
      case "fail-checkpoints":
      case "fail-spawns":
      case "rot-checkpoints":
      case "jump-clock":
      case "disturb-link":
      case "kill-broker":
      case "stall-broker":
      case "stall-store":
      case "lose-store":
        this.faults.apply(step);
        return;
      default:
        return unreachable(step);
    }
  }

  /** The owner pauses the host. */
  pause(member: Member | undefined): void {
    if (member?.body === null || member === undefined) return;
    const wish = { command: "pause", reason: "plan" } as const;
    // What its owner said stands in its home by the time when it is refused, if it is.
    member.keepsHome = true;
    this.#world.record(this.#world.harness, "witness.command", { agentId: member.host.agentId, by: "owner", ...wish });
    member.body.ask(wish, () => undefined);
  }

  /** The owner lets it go on; how much of it still stands when that is answered is seen from outside. */
  resume(member: Member | undefined): void {
    const body = member?.body;
    if (member === undefined || body === null || body === undefined) return;
    // Of one that has not joined there is nothing else to keep.
    member.keepsHome = member.host.joinToken === brokersToken;
    const askedAtMs = this.#world.nowMs;
    body.ask({ command: "resume", reason: "plan" }, (response) => this.#sawResume(member, { askedAtMs, response }));
  }

  #sawResume({ host, body }: Member, { askedAtMs, response }: { askedAtMs: number; response: ControlResponse }): void {
    if (!response.ok || body === null || (body.core.freeze !== null && body.core.shutdown === null)) return;
    let processes = 0;
    let stopped = 0;
    for (const sandbox of host.sandboxes.values()) {
      // Whoever is leaving lets nothing go on any more.
      if (body.core.shutdown !== null || sandbox.processes === 0 || sandbox.parent !== body.instanceId) continue;
      processes += sandbox.processes;
      if (sandbox.isStopped) stopped += sandbox.processes;
    }
    const latencyMs = this.#world.nowMs - askedAtMs;
    const { agentId } = host;
    this.#world.record(this.#world.harness, "witness.resume", { agentId, latencyMs, processes, stopped });
  }

  /** Whatever the broker started and nobody has ended is to end now; what is being ended has to come to its end by itself. */
  endSpawned(): void {
    for (const { executionId, state } of [...(this.#broker.state?.executions.values() ?? [])]) {
      if (state !== "running") continue;
      this.#broker.ask({ type: "kill", executionId, message: { reason: "faults have stopped", now: false } });
    }
  }

  #killSpawned({ execution, now }: Pick<PlanStepOf<"kill-spawned">, "execution" | "now">): void {
    const message = { reason: "plan", now };
    if (execution === null) {
      this.#broker.ask({ type: "kill-all", message });
      return;
    }
    const executionId = this.executionIds[execution % Math.max(1, this.executionIds.length)];
    if (executionId !== undefined) this.#broker.ask({ type: "kill", executionId, message });
  }

  /** Where no agent runs, the owner's own command does it from the ledger, if there is one. */
  #withdraw({ agent, deadlineMs }: PlanStepOf<"withdraw">): void {
    const member = this.#member({ agent });
    if (member?.isInhabited !== true) return;
    member.start({ mayEnrol: false });
    member.body?.ask({ command: "withdraw", reason: "plan", deadlineMs }, () => undefined);
  }

  /** Nothing but the end of the process ends a drain; if something else has ended it meanwhile, that was it. */
  #drain({ forMs, downMs }: PlanStepOf<"drain">): void {
    if (this.#broker.ask({ type: "drain", reason: "plan" })?.ok !== true) return;
    const drained = this.#broker.state;
    this.#in(forMs, () => {
      if (this.#broker.state === drained) this.#endProcess(downMs);
    });
  }

  #endProcess(downMs: number): void {
    const atMs = this.#world.nowMs;
    this.faults.apply({ atMs, do: "kill-broker", downMs, afterEffects: 0, edge: "after" });
  }

  #stranger({ pauses }: PlanStepOf<"stranger">): void {
    const member = this.#join("another broker's token");
    if (pauses) this.pause(member);
  }

  #submit(step: PlanStepOf<"submit">): void {
    const job = simulatedJob(step.behaviour, step.priority);
    const jobs = Array.from({ length: step.jobs }, () => ({ ...job }));
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

  #in(delayMs: number, happens: () => void): void {
    this.#world.heap.push(this.#world.nowMs + delayMs, this, undoes, happens);
  }

  /** A plan may name an agent that its cast does not have (it was made smaller): nothing happens to it then. */
  #member({ agent }: { readonly agent: number }): Member | undefined {
    return this.#members[agent];
  }
}
