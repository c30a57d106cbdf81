import type { ChildProcess } from "node:child_process";

import type { Logger } from "pino";

import { messageOf } from "../../../foundation/errors.ts";
import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import type { LaterEffect } from "../../core/effects.ts";
import type { ExecutionRecord, ProcessMark } from "../../core/executions/execution-record.ts";
import type { BrokerInput } from "../../core/inputs.ts";
import type { AgentBroker, AgentProgram } from "./agent-program.ts";
import { endFamily, signal } from "./end-family.ts";
import { type HostProcess, familyOf, isThere, markedProcesses, markOf } from "./host-processes.ts";

export type HostReport = BrokerInput<"spawned" | "spawn-failed" | "exited" | "found" | "missing">;
export type SpawnerEffect = Extract<LaterEffect, { kind: "spawn-process" | "kill-process" }>;

/** An agent that runs, or whose end is being seen to. */
interface Running {
  readonly executionId: string;
  readonly mark: ProcessMark;
  /** Null for one that an earlier broker started: only the agent itself tells how it ends. */
  readonly child: ChildProcess | null;
  /** Force is used then. */
  graceTimer: NodeJS.Timeout | null;
  /** Force is being used, or was: resolves when whatever was killed is gone. */
  forced: Promise<void> | null;
  /** Its first process is gone. */
  isOver: boolean;
  /** When its end was told. */
  readonly told: PromiseWithResolvers<void>;
}

/** One that waits for its token. */
interface Starting {
  /** Nobody wants it any more. */
  isEnded: boolean;
  /** Resolves when it runs, or was told not to. */
  readonly begun: Promise<void>;
}

/** How often it is looked whether agents that an earlier broker started are still there, in milliseconds. */
const lookIntervalMs = 250;
/** How long the kernel may take to end what was killed before that is said, in milliseconds. */
const killMsMax = 10_000;

export interface SpawnerOptions {
  readonly program: AgentProgram;
  readonly brokerId: string;
  readonly log: Logger;
  /** Hands the core what happened, in this order. */
  readonly report: (report: HostReport) => Promise<unknown>;
}

/**
 * Starts agents on this host, ends them with all that they started, and tells the core what became of each
 * (`core/executions/`). The simulator's is scenarios/simulator/world/spawner.ts.
 */
export class Spawner {
  readonly #options: SpawnerOptions;
  /** Those that still wait for their tokens. */
  readonly #starting = new Map<string, Starting>();
  readonly #running = new Map<string, Running>();
  #broker: AgentBroker | null = null;
  #lookTimer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  /** Where the agents join, once that is known. */
  joinAt(broker: AgentBroker): void {
    this.#broker = broker;
  }

  perform(effect: SpawnerEffect): void {
    if (effect.kind === "spawn-process") this.#prepare(effect);
    else this.#end(effect.executionId, effect.graceMs);
  }

  /**
   * What there is of the agents that an earlier start of this broker started: each is found; or has exited, where it left
   * word of that; or is missing. Either is told once it is cleaned up after.
   */
  async lookAround(known: readonly ExecutionRecord[]): Promise<void> {
    const marked = markedProcesses(this.#options.brokerId);
    const live = new Map<string, ExecutionRecord>();
    for (const record of known) if (!isTerminalExecution(record.state)) live.set(record.executionId, record);
    for (const [executionId, group] of [...marked].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const mark = firstOf(group, live.get(executionId)?.process ?? null);
      if (mark === null) continue;
      live.delete(executionId);
      this.#watch({ executionId, mark, child: null });
      await this.#report({ type: "found", executionId, process: mark });
    }
    // Nobody waits for the withdrawals of those that are gone.
    const homes = this.#options.program.homes().filter((executionId) => !this.#running.has(executionId));
    this.#see(async () => {
      for (const { executionId, process, state } of live.values()) {
        const exitCode = state === "spawning" ? null : this.#options.program.exitCode(executionId);
        const lastWords = this.#options.program.lastWords(executionId);
        const left = await this.#clear({ executionId, mark: process });
        const end = { exitCode, signal: null, detail: left ?? lastWords };
        await this.#report(exitCode === null ? { type: "missing", executionId } : { type: "exited", executionId, end });
      }
      // Of these the store knows nothing, or takes them for cleaned up.
      for (const executionId of homes) if (!live.has(executionId)) await this.#clear({ executionId, mark: null });
    });
  }

  /** Asks every agent to shut down; those that wait for their tokens are not started any more. */
  askToLeave(): void {
    for (const starting of this.#starting.values()) starting.isEnded = true;
    for (const { isOver, mark } of this.#running.values()) if (!isOver && isThere(mark)) signal(mark.pid, "SIGTERM");
  }

  /** Resolves when every agent that runs now has ended, and that was told. */
  async idle(): Promise<void> {
    await Promise.all(Array.from(this.#starting.values(), ({ begun }) => begun));
    await Promise.all(Array.from(this.#running.values(), ({ told }) => told.promise));
  }

  /** Looks and asks no more; whatever runs is left to itself. */
  close(): void {
    this.#isClosed = true;
    if (this.#lookTimer !== null) clearInterval(this.#lookTimer);
    this.#lookTimer = null;
    for (const { graceTimer } of this.#running.values()) if (graceTimer !== null) clearTimeout(graceTimer);
  }

  #prepare(effect: Extract<SpawnerEffect, { kind: "spawn-process" }>): void {
    const { executionId } = effect;
    const { promise, resolve } = Promise.withResolvers<void>();
    const starting: Starting = { isEnded: false, begun: promise };
    this.#starting.set(executionId, starting);
    this.#begin(effect, starting).then(resolve, resolve);
  }

  async #begin(
    { executionId, spec }: Extract<SpawnerEffect, { kind: "spawn-process" }>,
    starting: Starting,
  ): Promise<void> {
    try {
      if (this.#broker === null) throw new Error("the broker was not listening yet");
      const { url } = this.#broker;
      const joinToken = await this.#broker.joinToken();
      if (this.#isClosed) return;
      if (starting.isEnded) throw new Error("it was ended before");
      const child = this.#options.program.start({ executionId, spec, url, joinToken });
      this.#follow(executionId, child);
    } catch (error) {
      await this.#report({ type: "spawn-failed", executionId, error: `it cannot be started: ${messageOf(error)}` });
    } finally {
      this.#starting.delete(executionId);
    }
  }

  #follow(executionId: string, child: ChildProcess): void {
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      void this.#report({ type: "spawn-failed", executionId, error: `it cannot be started: ${messageOf(error)}` });
    });
    if (child.pid === undefined) return;
    // It is not reaped before this turn of the event loop is over, so it has a mark even if it has ended.
    const mark = markOf(child.pid) ?? { pid: child.pid, startedAs: "unseen" };
    this.#watch({ executionId, mark, child });
    void this.#report({ type: "spawned", executionId, process: mark });
  }

  #watch({ executionId, mark, child }: Pick<Running, "executionId" | "mark" | "child">): void {
    const flags = { graceTimer: null, forced: null, isOver: false };
    const running: Running = { executionId, mark, child, ...flags, told: Promise.withResolvers() };
    this.#running.set(executionId, running);
    child?.once("exit", (exitCode, signalName) => this.#over(running, { exitCode, signal: signalName }));
    if (child !== null) return;
    this.#lookTimer ??= setInterval(() => this.#look(), lookIntervalMs).unref();
  }

  #look(): void {
    for (const running of this.#running.values()) {
      if (running.child !== null || isThere(running.mark)) continue;
      this.#over(running, { exitCode: this.#options.program.exitCode(running.executionId), signal: null });
    }
  }

  #end(executionId: string, graceMs: number): void {
    const starting = this.#starting.get(executionId);
    if (starting !== undefined) starting.isEnded = true;
    const running = this.#running.get(executionId);
    // It has ended, which was told or will be.
    if (running === undefined || running.isOver || running.forced !== null) return;
    if (graceMs === 0) {
      this.#force(running);
      return;
    }
    if (running.graceTimer !== null) return;
    running.graceTimer = setTimeout(() => this.#force(running), graceMs).unref();
    if (isThere(running.mark)) signal(running.mark.pid, "SIGTERM");
  }

  #force(running: Running): void {
    if (running.isOver || running.forced !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    running.forced = promise;
    this.#see(async () => {
      const left = await endFamily(() => (running.isOver ? [] : this.#familyOf(running)), killMsMax).finally(resolve);
      if (left.length > 0) this.#options.log.error({ ...running.mark, left }, "processes could not be ended");
    });
  }

  /** Its first process is gone: whatever is left of it goes too, and only then its end is told. */
  #over(running: Running, end: { exitCode: number | null; signal: string | null }): void {
    if (running.isOver) return;
    running.isOver = true;
    if (this.#isClosed) {
      // The next start sees to it: two that clean up the same home get in each other's way.
      this.#running.delete(running.executionId);
      running.told.resolve();
      return;
    }
    if (running.graceTimer !== null) clearTimeout(running.graceTimer);
    const { executionId } = running;
    this.#see(async () => {
      const lastWords = this.#options.program.lastWords(executionId);
      await running.forced;
      const left = await this.#clear(running);
      this.#running.delete(executionId);
      await this.#report({ type: "exited", executionId, end: { ...end, detail: left ?? lastWords } });
      running.told.resolve();
    });
  }

  /** @returns what is left all the same */
  async #clear({ executionId, mark }: { executionId: string; mark: ProcessMark | null }): Promise<string | null> {
    const { program, log } = this.#options;
    const pids = await endFamily(() => this.#familyOf({ executionId, mark }), killMsMax);
    const left = pids.length > 0 ? `processes ${pids.join(", ")} could not be ended` : await program.sweep(executionId);
    if (left !== null) log.error({ executionId, left }, "something of a started agent is left on this host");
    return left;
  }

  #familyOf({ executionId, mark }: { executionId: string; mark: ProcessMark | null }): HostProcess[] {
    const { brokerId, program } = this.#options;
    return familyOf({ brokerId, executionId, home: program.home(executionId), root: mark });
  }

  #see(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#options.log.error({ err: error }, "an agent's end could not be seen to"));
  }

  /** The service says by itself when it cannot go on. */
  async #report(report: HostReport): Promise<void> {
    if (!this.#isClosed) await this.#options.report(report).catch(() => undefined);
  }
}

/** The process that is known, or else the oldest that no other of them started; null when the known one is gone. */
function firstOf(group: readonly HostProcess[], known: ProcessMark | null): ProcessMark | null {
  if (known !== null) return isThere(known) ? known : null;
  const pids = new Set(group.map(({ pid }) => pid));
  const roots = group.filter(({ parent }) => !pids.has(parent)).sort((a, b) => a.startTicks - b.startTicks);
  const root = roots[0];
  return root === undefined ? null : markOf(root.pid);
}
