import { AssertionError } from "../../../foundation/assert.ts";
import { HouseguestError } from "../../../foundation/errors.ts";
import type { Random } from "../../../foundation/random.ts";
import type { HistoryData, HistoryRecord, HistoryType } from "../../../protocol/history.ts";
import type { Timing } from "../../../protocol/timing.ts";
import { Coverage } from "../../simulator/coverage.ts";
import { type ChoiceStream, seededTape } from "../../simulator/kernel/choices.ts";
import type { PlanOptions } from "../../simulator/plan/plan.ts";
import type { ModelHub } from "./hub.ts";
import { Simulation } from "../../simulator/simulation.ts";
import { type Member, memberIndexOf } from "../../simulator/world/member.ts";
import { SimFaults } from "./sim-faults.ts";
import { StepError } from "../../steps/step-error.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import { notInTime } from "../../steps/wait-error.ts";
import type { AnyStage } from "../either/any-stage.ts";
import { VirtualWaits } from "./virtual-waits.ts";

/** Of an agent's instance, which names its host; see `Member`. */
const instanceIdLength = 36;

/** What a message takes on its way over a loopback interface under load, in milliseconds. */
const latency = { latencyMsMin: 0.25, latencyMsMax: 2.25 };

export interface SimStageOptions {
  readonly timing: Timing;
  readonly seed: string;
  readonly random: Random;
  /** Whether a step makes the broker's store lose what it had taken. */
  readonly storeFails?: boolean;
  /** Sees the history as it grows. */
  readonly onRecord: (record: HistoryRecord) => void;
}

/**
 * The agent's and the broker's own reducers on modelled hosts, in virtual time: what the steps of one run share. A step
 * waits by this stage, and time passes when everybody waits; nothing happens between two steps.
 */
export class SimStage implements AnyStage {
  readonly options: SimStageOptions;
  readonly simulation: Simulation;
  /** How long owners take is drawn here. */
  readonly owner: ChoiceStream;
  /** Since the step that killed it, until it is started again. */
  brokerIsKilled = false;
  /** Whom the broker takes commands of, since the step `federate`. */
  hub: ModelHub | undefined;
  /** The agents that a step killed and none has started again. */
  readonly killed = new Set<string>();
  /** By the agent's name, how many of its sandboxes a step has seen at work, each time that one looked. */
  readonly watched = new Map<string, number>();
  readonly records: HistoryRecord[] = [];
  readonly #waits: VirtualWaits;
  #hubs = 0;
  /** What the steps broke on purpose. */
  readonly faults: SimFaults;
  readonly agents = new Map<string, Member>();
  /** The units of work of each job, by batch and job id. */
  readonly batches = new Map<string, Map<string, number>>();

  constructor(options: SimStageOptions) {
    const { seed, timing } = options;
    this.options = options;
    const onRecord = (record: HistoryRecord): void => {
      this.records.push(record);
      options.onRecord(record);
    };
    // A plan without steps: who joins, works and leaves, and when, is the scenario's to say.
    this.simulation = new Simulation(
      { version: 1, seed, profile: "scenario", options: quietHost(timing), steps: [], tape: "seeded" },
      { tape: seededTape(seed), coverage: new Coverage(), onRecord, storeFails: options.storeFails ?? false },
    );
    this.owner = this.simulation.world.tape.stream("owner");
    this.#waits = new VirtualWaits(this.simulation.world, guarded);
    this.faults = new SimFaults(this.simulation, (name) => this.agent(name));
  }

  get nowMs(): number {
    return this.simulation.world.nowMs;
  }

  /** The harness says something in the history, at this moment of virtual time. */
  record<T extends HistoryType>(type: T, data: HistoryData<T>): void {
    const { world } = this.simulation;
    world.record(world.harness, type, data);
  }

  /** A modelled host comes to be on which an agent of that name starts. */
  startAgent(
    name: string,
    { slots, quietMs, autostart }: { slots: number; quietMs: number | undefined; autostart?: boolean | undefined },
  ): Member {
    const member = this.simulation.addMember();
    member.host.slots = slots;
    member.host.quietMs = quietMs;
    if (autostart === true) member.host.startupHook = "crontab:agent";
    this.agents.set(name, member);
    guarded(() => member.start());
    return member;
  }

  /** Each hub has a connection and a key of its own. */
  nextHub(): number {
    this.#hubs += 1;
    return this.#hubs;
  }

  agent(name: string): Member {
    const member = this.agents.get(name);
    if (member === undefined) throw unknownName("agent", name);
    return member;
  }

  batch(name: string): ReadonlyMap<string, number> {
    const batch = this.batches.get(name);
    if (batch === undefined) throw unknownName("batch of jobs", name);
    return batch;
  }

  /**
   * Waits until the condition holds; it is looked at after every event.
   *
   * @param what completes the sentence "waited … for …"
   * @throws WaitError `not-in-time`
   */
  async until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    if (!condition()) await this.#waits.until(condition, withinMs, () => notInTime(what, withinMs));
  }

  async untilRecorded(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    await this.until(what, condition, withinMs);
  }

  /** Lets so much time pass. */
  async pass(forMs: number): Promise<void> {
    await this.#waits.until(
      () => false,
      forMs,
      () => undefined,
    );
  }

  /** Lets others have their turn, those too that are no part of this world; no time passes. */
  async turn(): Promise<void> {
    await this.#waits.turn();
  }

  giveUp(error: unknown): void {
    this.#waits.giveUp(error);
  }

  /** Plays work that waits by this stage alone: time passes while all of it waits. */
  async play(work: () => Promise<void>): Promise<void> {
    await this.#waits.drive(work);
  }

  isOf(agent: string, { source, data }: HistoryRecord): boolean {
    const { host } = this.agent(agent);
    if ("agentId" in data && data.agentId === host.agentId) return true;
    return memberIndexOf(source) === host.index && source.length === instanceIdLength;
  }

  /** Does something after so long, while the steps go on. */
  later(delayMs: number, work: () => void): void {
    const { heap } = this.simulation.world;
    heap.push(this.nowMs + delayMs, { happen: work }, 0, null);
  }

  /** What never may happen in the broker is looked for everywhere. */
  assertInvariants(): void {
    guarded(() => this.simulation.broker.assertInvariants());
  }
}

/** A broken assertion of the reducers is the verdict on them, not a bug of the harness. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asVerdict(error);
  }
}

/** As `guarded`, of an error that was caught. */
export function asVerdict(error: unknown): unknown {
  if (error instanceof HouseguestError || !(error instanceof AssertionError)) return error;
  return new StepError(`An assertion of agent or broker does not hold: ${error.message}.`, {
    code: "assertion",
    next: "The last events in the run directory's history.jsonl led to it.",
    cause: error,
  });
}

/** One machine on which nothing breaks by itself; its agents' slots are set as they join. */
function quietHost(timing: Timing): PlanOptions {
  const phases = { safetyMs: 0, livenessMs: 0, joinWithinMs: 0 };
  return { agents: 1, slots: 1, timing, ...phases, ...latency, clockSkewMs: 0, encoding: "bytes" };
}
