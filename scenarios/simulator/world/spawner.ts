import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { BrokerInput } from "../../../broker-sim/core/inputs.ts";
import type { LaterEffect } from "../../../broker-sim/core/effects.ts";
import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import type { SpawnBehaviour } from "../plan/spawn-behaviour.ts";
import { behaviourOfSpawn } from "./spawn-behaviour.ts";
import { type World, durationMs } from "./world.ts";

type Effect<K extends LaterEffect["kind"]> = Extract<LaterEffect, { kind: K }>;
/** What the host tells the broker of its processes. */
export type HostReport = BrokerInput<"spawned" | "spawn-failed" | "exited">;

/** What these take at most while all is well, in milliseconds. */
const forkMsMax = 40;
const reportMsMax = 30;
const termMsMax = 200;
const killMsMax = 40;

const forks = 0;
const ends = 1;
const graceIsOver = 2;

/** One process start of the broker. */
export interface Parent {
  readonly state: Pick<BrokerState, "executions">;
}

/** An agent that the broker started, with all that it started in turn. */
interface ModelProcess {
  readonly executionId: string;
  readonly pid: number;
  readonly behaviour: SpawnBehaviour;
  /** Who started it, and alone hears how it ended where it leaves no word of that. */
  readonly parent: Parent;
  isAlive: boolean;
}

interface Fork {
  readonly executionId: string;
  readonly behaviour: SpawnBehaviour;
  readonly parent: Parent;
  /** It is to be ended as soon as it is there. */
  graceMs: number | null;
}

interface Ending {
  readonly process: ModelProcess;
  readonly exitCode: number | null;
  /** Whose timer it is, where it is one: it dies with its process. */
  readonly by: Parent | null;
}

/**
 * The processes that the broker starts on its own host (broker-sim/io/executions/spawner.ts). They outlive it: one that
 * is killed between the fork and its report leaves a process behind of which nothing but its environment tells.
 */
export class Spawner implements EventTarget {
  readonly #world: World;
  readonly #stream: ChoiceStream;
  readonly #report: (to: Parent, report: HostReport, atMs: number) => void;
  readonly #forks = new Map<string, Fork>();
  readonly #alive = new Map<number, ModelProcess>();
  /** Exit codes in files, which outlive everybody. */
  readonly #left = new Map<string, number>();
  /** The broker process that runs now; nobody else hears or does anything. */
  #broker: Parent | null = null;
  #pids = 1_000;

  /** @param report hands it to that broker process then, if it still runs */
  constructor(world: World, report: (to: Parent, report: HostReport, atMs: number) => void) {
    this.#world = world;
    this.#stream = world.tape.stream("spawner");
    this.#report = report;
  }

  /** How many run. */
  get living(): number {
    return this.#alive.size;
  }

  perform(by: Parent, effect: Effect<"spawn-process" | "kill-process">): void {
    const { executionId } = effect;
    if (effect.kind === "kill-process") {
      this.#end(by, executionId, effect.graceMs);
      return;
    }
    const fork: Fork = { executionId, behaviour: behaviourOfSpawn(effect.spec), parent: by, graceMs: null };
    this.#forks.set(executionId, fork);
    this.#in("fork", forkMsMax, forks, fork);
  }

  /** The broker is dead: nothing that it was about to start comes to be, and what runs goes on. */
  orphan(): void {
    this.#broker = null;
    this.#forks.clear();
  }

  /** A broker came up: what it finds of those that were started before, and what is gone. */
  *lookAround(broker: Parent): Generator<BrokerInput<"found" | "exited" | "missing">> {
    this.#broker = broker;
    const here = new Set<string>();
    for (const { executionId, pid } of [...this.#alive.values()]) {
      here.add(executionId);
      yield { type: "found", executionId, process: markOf(pid) };
    }
    for (const { executionId, state } of [...broker.state.executions.values()]) {
      if (isTerminalExecution(state) || here.has(executionId)) continue;
      const exitCode = state === "spawning" ? undefined : this.#left.get(executionId);
      if (exitCode === undefined) yield { type: "missing", executionId };
      else yield { type: "exited", executionId, end: { exitCode, signal: null, detail: null } };
    }
  }

  happen(what: number, detail: unknown): void {
    if (what === forks) this.#fork(detail as Fork);
    else if (what === ends) this.#gone(detail as Ending);
    else {
      const { process, by } = detail as Ending;
      if (by === this.#broker) this.#kill(process);
    }
  }

  #fork(fork: Fork): void {
    const { executionId, behaviour, parent, graceMs } = fork;
    if (this.#forks.get(executionId) !== fork) return;
    this.#forks.delete(executionId);
    // Whoever was to start it is dead.
    if (parent !== this.#broker) return;
    if (behaviour.fails) {
      this.#tell(parent, { type: "spawn-failed", executionId, error: "simulated" });
      return;
    }
    this.#pids += 1;
    const process: ModelProcess = { executionId, pid: this.#pids, behaviour, parent, isAlive: true };
    this.#alive.set(process.pid, process);
    this.#witness(process, "began", null);
    const { livesMs, exitCode } = behaviour;
    if (livesMs !== null) this.#push(livesMs, ends, { process, exitCode, by: null });
    this.#tell(parent, { type: "spawned", executionId, process: markOf(process.pid) });
    if (graceMs !== null) this.#end(parent, executionId, graceMs);
  }

  #end(by: Parent, executionId: string, graceMs: number): void {
    const fork = this.#forks.get(executionId);
    if (fork !== undefined) fork.graceMs = Math.min(graceMs, fork.graceMs ?? graceMs);
    for (const process of this.#alive.values()) {
      if (process.executionId !== executionId) continue;
      if (graceMs === 0) this.#kill(process);
      else {
        if (process.behaviour.onTerm === "ends") this.#in("term", termMsMax, ends, { process, exitCode: 0, by: null });
        this.#push(graceMs, graceIsOver, { process, exitCode: null, by });
      }
    }
  }

  #kill(process: ModelProcess): void {
    if (process.isAlive) this.#in("kill", killMsMax, ends, { process, exitCode: null, by: null });
  }

  #gone({ process, exitCode }: Ending): void {
    if (!process.isAlive) return;
    process.isAlive = false;
    this.#alive.delete(process.pid);
    this.#witness(process, "gone", exitCode);
    // One that ends well has left word of it; one that does not may have been unable to.
    if (exitCode === 0) this.#left.set(process.executionId, exitCode);
    if (this.#broker === null) return;
    const seen = process.parent === this.#broker ? exitCode : (this.#left.get(process.executionId) ?? null);
    const end = { exitCode: seen, signal: null, detail: null };
    this.#tell(this.#broker, { type: "exited", executionId: process.executionId, end });
  }

  #tell(to: Parent, report: HostReport): void {
    const delayMs = durationMs(this.#stream, "report", { minMs: 0, maxMs: reportMsMax });
    // In the order in which it happened.
    this.#toldAtMs = Math.max(this.#toldAtMs, this.#world.nowMs + delayMs);
    this.#report(to, report, this.#toldAtMs);
  }

  #toldAtMs = 0;

  #in(kind: string, maxMs: number, what: number, detail: unknown): void {
    this.#push(durationMs(this.#stream, kind, { minMs: 0, maxMs }), what, detail);
  }

  #push(delayMs: number, what: number, detail: unknown): void {
    this.#world.heap.push(this.#world.nowMs + delayMs, this, what, detail);
  }

  #witness({ executionId, pid }: ModelProcess, change: "began" | "gone", exitCode: number | null): void {
    this.#world.record(this.#world.harness, "witness.execution", { executionId, change, pid, exitCode });
  }
}

function markOf(pid: number): { pid: number; startedAs: string } {
  return { pid, startedAs: `simulated ${pid}` };
}
