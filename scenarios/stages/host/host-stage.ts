import type { KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pauseFor } from "node:timers/promises";

import { takeShortTurns } from "../../../agent/io/short-turns.ts";
import { withinDeadline } from "../../../foundation/deadline.ts";
import { messageOf, systemCode, UsageError } from "../../../foundation/errors.ts";
import type { Random } from "../../../foundation/random.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import type { Timing } from "../../../protocol/timing.ts";
import { Clocks } from "../../faults/clocks.ts";
import type { FaultContext } from "../../faults/fault.ts";
import { unmount } from "../../faults/own-disk.ts";
import { FaultsInForce } from "../../faults/faults-in-force.ts";
import { Links } from "../../faults/link/links.ts";
import { faultKindOf } from "../../faults/kinds.ts";
import type { Recorder } from "../../../residue-scanner/scanner.ts";
import type { RunDirectory } from "../../run-directory.ts";
import type { RunHistory } from "../../run-history.ts";
import { unknownName } from "../../steps/unknown-name.ts";
import type { StoreKind } from "../../steps/store-kinds.ts";
import type { UndoLedger } from "../../undo/undo-ledger.ts";
import { AgentWatch } from "../../watch/agent-watch.ts";
import type { AnyStage } from "../either/any-stage.ts";
import type { Actor } from "./actor.ts";
import type { OperatorClient } from "../../../broker-sim/io/operator-client.ts";
import { Hostile } from "./hostile.ts";
import type { Operator } from "./operator.ts";
import type { OverheardLine } from "./overheard-line.ts";
import { PauseWatch } from "./pause-watch.ts";
import type { Network } from "../netns/network.ts";
import { processStat } from "./proc.ts";
import { writableCgroup } from "./run-cgroup.ts";
import { Schedule } from "./schedule.ts";
import { type Witness, witnessSandboxes } from "./witness.ts";

/** An agent of the cast while it lives. */
export interface HostAgent {
  readonly name: string;
  readonly home: string;
  readonly agentId: string;
  readonly slots: number;
  readonly control: string;
  readonly actor: Actor;
}

/** A process that was seen during the run, for the scanner to recognise. */
export interface SeenProcess {
  readonly pid: number;
  readonly startTime: string;
  readonly role: "agent" | "job" | "harness";
  readonly sessionId?: number;
}

export interface HostStageOptions {
  readonly directory: RunDirectory;
  /** Eight hexadecimal digits: part of every name that the run gives to things of the host. */
  readonly id: string;
  readonly history: RunHistory;
  readonly ledger: UndoLedger;
  readonly signal: AbortSignal;
  readonly timing: Timing;
  readonly agentCommand: readonly string[];
  readonly brokerCommand: readonly string[];
  readonly store: StoreKind;
  readonly random: Random;
  /** Whether each actor has a network namespace of its own: the stage `netns`. */
  readonly isolated?: boolean;
  /** Whether the broker is to take orders to misbehave (--faults). */
  readonly brokerTakesFaults: boolean;
  /** What a fault may use of the stage; see `host-fault-context.ts`. */
  readonly faultContext: (stage: HostStage, number: number) => Omit<FaultContext, "writeAhead">;
  /** Who listens to what is done on this host, since before the baseline; null for nobody. */
  readonly recorder?: Recorder | null;
}

/** Real processes on this host: what the steps of one run share. */
export class HostStage implements AnyStage {
  /** Its signal is aborted, too, when a step fails beside which others go on. */
  readonly options: HostStageOptions;
  /** The only directory that the harness makes outside the run directory; the agents' homes come to lie in it. */
  readonly place: string;
  /** The run's cgroup, or undefined where none is writable. */
  readonly cgroup: string | undefined;
  readonly agents = new Map<string, HostAgent>();
  /** Agents that are somebody else's (`scenarios/foreign/`), by name. */
  readonly guests = new Map<string, object>();
  /** The units of work of each job, by batch and job id. */
  readonly batches = new Map<string, Map<string, number>>();
  readonly seen: SeenProcess[] = [];
  /** The agent of each process that was started as one. */
  readonly agentPids = new Map<number, string>();
  /** How many requests of owners were made. */
  requests = 0;
  /** Copies of the keys of agents that withdrew, by the agent's name. */
  readonly keptKeys = new Map<string, KeyObject>();
  /** Since the step that killed it, until it is started again. */
  brokerIsKilled = false;
  /** The agents that a step killed and none has started again. */
  readonly killed = new Set<string>();
  readonly #failing = new AbortController();
  readonly watch: AgentWatch;
  /** What the owners of agents work on, by the agent's name: a directory of the harness's, with a file in it. */
  readonly desks = new Map<string, string>();
  /** What goes on beside the steps; see the step `open-schedule`. */
  readonly schedule: Schedule;
  /** That paused agents stand still while a schedule goes on. */
  readonly pauses: PauseWatch;
  /** By how much the clocks of whoever is started are wrong. */
  readonly clocks = new Clocks();
  /** Copies of the broker's store, by the name under which a step kept them. */
  readonly keptStores = new Map<string, string>();
  /** Disks of their own that agents have their homes on, by the agent's name. */
  readonly disks = new Map<string, string>();
  /** Of the stage `netns`: where each actor is in the network; null where all share the host's. */
  network: Network | null = null;
  /** Lines between agents and broker, by the agent's name. */
  readonly links = new Links();
  /** What the steps broke on purpose. */
  readonly faults: FaultsInForce;
  /** What else the harness has open, each with how it is closed; the last one is closed first. */
  readonly closing: (() => void | Promise<void>)[] = [];
  /** The broker that commands the one on the stage, and the line between them; since the step `federate`. */
  hub:
    | {
        readonly client: OperatorClient;
        readonly line: OverheardLine;
        readonly connectionId: string;
        /** What it had started, in its order. */
        readonly spawns: { readonly commandId: string; readonly executionId: string }[];
      }
    | undefined;
  /** What is known of the jobs that misbehave. */
  readonly hostile = new Hostile();
  /** The server of the broker's store, where that is one. */
  storeServer: Actor | undefined;
  broker:
    | {
        /** Where agents find it. */
        readonly url: string;
        /** Where the harness does, which is in the host's own network. */
        readonly here: string;
        readonly joinToken: string;
        /** Undefined for a broker that names none. */
        readonly operatorToken: string | undefined;
        readonly actor: Actor;
        readonly operator: Operator;
      }
    | undefined;

  private constructor(options: HostStageOptions, cgroup: string | undefined) {
    const signal = AbortSignal.any([options.signal, this.#failing.signal]);
    this.options = { ...options, signal };
    this.place = join(tmpdir(), `houseguest-${options.id}`);
    this.cgroup = cgroup;
    this.watch = new AgentWatch(options.history.record);
    this.schedule = new Schedule(signal);
    this.pauses = new PauseWatch(options.history.record);
    this.faults = new FaultsInForce({
      ...{ ledger: options.ledger, record: options.history.record, kindOf: faultKindOf },
      context: (number) => options.faultContext(this, number),
    });
  }

  /** Sets the stage; each thing is registered for undoing before it is made. */
  static open(options: HostStageOptions): HostStage {
    // Whoever looks late says of the agent that it stopped late.
    takeShortTurns();
    const parent = writableCgroup();
    const cgroup = parent === undefined ? undefined : join(parent, `houseguest-run-${options.id}`);
    const stage = new HostStage(options, cgroup);
    const placed = options.ledger.register({ undo: "remove-directory", path: stage.place });
    makePlace(stage.place, () => options.ledger.forget(placed));
    if (cgroup !== undefined) {
      options.ledger.register({ undo: "remove-cgroup", path: cgroup });
      mkdirSync(cgroup);
    }
    options.ledger.register({ undo: "kill-marked", run: options.id });
    return stage;
  }

  agent(name: string): HostAgent {
    const agent = this.agents.get(name);
    if (agent === undefined) throw unknownName("agent", name);
    return agent;
  }

  batch(name: string): ReadonlyMap<string, number> {
    const batch = this.batches.get(name);
    if (batch === undefined) throw unknownName("batch of jobs", name);
    return batch;
  }

  get nowMs(): number {
    return performance.now();
  }

  get records(): readonly HistoryRecord[] {
    return this.options.history.records;
  }

  /** Of its own records and of those about it. Whose an instance is shows its pid, once it has said that it is ready. */
  isOf(name: string, { actor, source, data }: HistoryRecord): boolean | undefined {
    const { agentId } = this.agent(name);
    if ("agentId" in data) return data.agentId === agentId;
    if (actor !== "agent") return false;
    const pid = this.records.flatMap((one) =>
      one.type === "agent.started" && one.source === source ? one.data.pid : [],
    );
    const owner = pid[0] === undefined ? undefined : this.agentPids.get(pid[0]);
    return owner === undefined ? undefined : owner === name;
  }

  async pass(forMs: number): Promise<void> {
    const { signal } = this.options;
    await pauseFor(forMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  async untilRecorded(what: string, condition: () => boolean, withinMs: number): Promise<void> {
    const { history, signal } = this.options;
    await history.until(what, condition, { withinMs, signal });
  }

  giveUp(error: unknown): void {
    this.#failing.abort(error);
  }

  /** Where the broker's files lie: its store, or the checkpoints beside one on Redis; undefined where all is in memory. */
  get storeDirectory(): string | undefined {
    const { store, directory } = this.options;
    return store === "memory" ? undefined : join(directory.path, "broker");
  }

  /** Where an agent of that name lives. */
  homeOf(name: string): string {
    return join(this.disks.get(name) ?? this.place, name);
  }

  /** Whether the agent withdrew: its process has ended, and its home is gone. */
  hasLeft({ actor, home }: HostAgent): boolean {
    return actor.hasExited() && !existsSync(home);
  }

  get running(): NonNullable<HostStage["broker"]> {
    if (this.broker === undefined) throw unknownName("broker", "broker");
    return this.broker;
  }

  /** The cgroup in which the harness started an actor; undefined where none is writable. */
  cgroupOf(name: string): string | undefined {
    return this.cgroup === undefined ? undefined : join(this.cgroup, name);
  }

  /** A look from outside at one agent's sandboxes, and at nobody else's. */
  witness(name: string): Witness {
    const { agentId } = this.agent(name);
    return witnessSandboxes(this.cgroupOf(name), { run: this.options.id, agentId });
  }

  /** The cgroups that the harness itself made, deepest first: each actor's, then the run's. */
  get cgroups(): string[] {
    if (this.cgroup === undefined) return [];
    return [
      ...["broker", "hub", ...this.agents.keys(), ...this.guests.keys(), ...(this.network?.keepers ?? [])].map((name) =>
        join(this.cgroup as string, name),
      ),
      this.cgroup,
    ];
  }

  async #endStore(withinMs: number): Promise<void> {
    if (this.storeServer === undefined) return;
    this.storeServer.kill("SIGKILL");
    await Promise.race([this.storeServer.exited, new Promise((resolve) => setTimeout(resolve, withinMs).unref())]);
    rmSync(storePlace(this), { recursive: true, force: true });
  }

  /** Remembers who a process was, for the attribution of what it may leave. */
  see(pid: number, role: SeenProcess["role"]): void {
    const stat = processStat(pid);
    if (stat !== undefined) this.seen.push({ pid, startTime: stat.startTime, role, sessionId: stat.sessionId });
  }

  /** Closes what the harness opened beside the broker; twice is harmless. */
  async close(withinMs: number): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) {
      await withinDeadline(Promise.resolve(close()), { ms: withinMs, late: undefined });
    }
  }

  /**
   * Takes down what is the harness's own, politely: the broker is asked to end, and what must be empty by now is
   * removed only if it is. Whatever an agent left stays where it is, for the scanner to find; so an agent that is still up
   * is told no goodbye, which SIGTERM would.
   */
  async leave(withinMs: number): Promise<void> {
    await this.schedule.stop();
    this.pauses.close();
    await this.watch.close();
    await this.close(withinMs);
    if (this.broker !== undefined) {
      this.broker.actor.kill("SIGHUP");
      await Promise.race([this.broker.actor.exited, new Promise((resolve) => setTimeout(resolve, withinMs).unref())]);
    }
    await this.links.close();
    await this.network?.close();
    await this.#endStore(withinMs);
    const ours = [...this.desks.values(), ...this.keptStores.values()];
    for (const path of ours) rmSync(path, { recursive: true, force: true });
    for (const disk of this.disks.values()) if (readdirSync(disk).length === 0) await unmount(disk);
    for (const path of [this.place, ...this.hostile.cages, ...this.cgroups]) {
      try {
        rmdirSync(path);
      } catch {
        // Something is in it still. That is a finding, and the undo ledger removes it after the scan.
      }
    }
  }
}

/** Where a server of the store has its files and its socket. */
export function storePlace({ place }: Pick<HostStage, "place">): string {
  return join(place, "store");
}

function makePlace(path: string, onFailure: () => void): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    onFailure();
    throw new UsageError(
      `Cannot make ${path}, where the agents would live: ${systemCode(error) ?? messageOf(error)}.`,
      {
        code: "no-place",
        next: "Point TMPDIR at a directory that you may write to.",
        cause: error,
      },
    );
  }
}
