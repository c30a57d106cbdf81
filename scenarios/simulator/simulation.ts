import { takeMarks } from "../../foundation/sometimes.ts";
import type { HistoryData, HistoryRecord } from "../../protocol/history.ts";
import type { Coverage } from "./coverage.ts";
import { Director } from "./director.ts";
import type { Tape } from "./kernel/choices.ts";
import { Onlookers } from "./onlookers.ts";
import type { Failure, JobCounts, SimulationOutcome } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";
import { BrokerBody } from "./world/broker-body.ts";
import { brokersToken } from "./world/broker-input.ts";
import { Member, memberIndexOf } from "./world/member.ts";
import { Network } from "./world/network.ts";
import { World } from "./world/world.ts";

const hourMs = 3_600_000;

/** One run put together: the world, the broker, the cast, and who carries the plan out. */
export class Simulation {
  readonly plan: Plan;
  readonly world: World;
  readonly broker: BrokerBody;
  readonly members: Member[] = [];
  readonly director: Director;
  /** When the broker last acknowledged a pause, in right time, by agent. */
  readonly acknowledgedAtMs = new Map<string, number>();
  readonly network: Network;
  #completedInTime = 0;

  constructor(
    plan: Plan,
    {
      tape,
      coverage,
      onRecord,
      storeFails = plan.steps.some((step) => step.do === "lose-store"),
    }: {
      tape: Tape;
      coverage: Coverage;
      onRecord: ((record: HistoryRecord) => void) | null;
      /** Whether the store may have to take writes back; as the plan says, if nothing is said. */
      storeFails?: boolean;
    },
  ) {
    this.plan = plan;
    this.world = new World({ options: plan.options, tape, coverage, onRecord });
    this.network = new Network(this.world);
    const onReleased = (released: HistoryData<"broker.released">): void => this.#lookAtHolder(released);
    const onPauseAcknowledged = ({ agentId }: HistoryData<"broker.pause-acknowledged">): void => {
      this.acknowledgedAtMs.set(agentId, this.world.nowMs);
    };
    this.broker = new BrokerBody(this.world, this.network, { storeFails, onReleased, onPauseAcknowledged });
    const join = (joinToken: string): Member => {
      const member = this.addMember(joinToken);
      member.start();
      return member;
    };
    this.director = new Director(this.world, { broker: this.broker, members: this.members, join });
  }

  begin(): void {
    const { options, steps } = this.plan;
    this.broker.start();
    const joins = this.world.tape.stream("joins");
    for (let index = 0; index < options.agents; index += 1) {
      this.addMember().startIn(joins.upTo("join", options.joinWithinMs));
    }
    this.director.schedule(steps);
    new Onlookers(this.world, { broker: this.broker, members: this.members }).begin();
  }

  addMember(joinToken: string = brokersToken): Member {
    const { world, broker, network } = this;
    const member = new Member(world, this.members.length, { network, broker, joinToken });
    this.members.push(member);
    return member;
  }

  /** A lease ended by the time, or was handed back: what its holder's host still does is seen from outside. */
  #lookAtHolder({ agentId, jobId, leaseId, how }: HistoryData<"broker.released">): void {
    if (how !== "expired" && how !== "agent-lost" && how !== "handed-back") return;
    const member = this.members[memberIndexOf(agentId)];
    const running = member?.runningUnder(leaseId) ?? null;
    if (running === null) return;
    this.world.record(this.world.harness, "witness.lease-over", { agentId, jobId, leaseId, running });
  }

  /** The safety phase is over. */
  endSafety(): void {
    this.#completedInTime = this.#jobs().completed;
  }

  /** The share of the jobs that were completed while everything was still failing. */
  get completedInTimeRatio(): number {
    return this.#completedInTime / Math.max(1, this.director.jobIds.length);
  }

  #jobs(): Omit<JobCounts, "completedInTime"> {
    const counts = { submitted: this.director.jobIds.length, completed: 0, failed: 0, cancelled: 0 };
    for (const { state } of this.broker.state?.jobs.values() ?? []) {
      if (state === "completed" || state === "failed" || state === "cancelled") counts[state] += 1;
    }
    return counts;
  }

  outcome(failure: Failure | null, digest: string | null): SimulationOutcome {
    const { world, members } = this;
    return {
      failure,
      steps: world.steps,
      events: world.events,
      records: world.records,
      virtualMs: world.nowMs,
      agentHours: members.reduce((sum, member) => sum + member.lifeMs, 0) / hourMs,
      digest,
      jobs: { ...this.#jobs(), completedInTime: this.#completedInTime },
      coverage: world.coverage.counts,
      marks: takeMarks(),
    };
  }
}
