import { setTimeout as pauseFor } from "node:timers/promises";

import { withinDeadline } from "../../../foundation/deadline.ts";
import { orAborted } from "../../interruption.ts";

/**
 * What happens at times of its own, beside the steps: restarts, answers that nobody waits for. Nothing of it outlives
 * the run: `stop` is called before anything is undone, so that no process is started behind the undoing's back.
 */
export class Schedule {
  readonly #stopping = new AbortController();
  readonly #calm = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly signal: AbortSignal;
  /** How long an actor stays down when its process ends next, in milliseconds, by its name. */
  readonly downMs = new Map<string, number>();
  /** By pid, when a process was stopped and when it went on; those that go on later are the last of their process. */
  readonly #stops = new Map<number, { readonly fromMs: number; toMs: number }[]>();
  #beganAt = performance.now();

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stopping.signal]);
  }

  /** Time counts from here. */
  begin(): void {
    this.#beganAt = performance.now();
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return performance.now() - this.#beganAt;
  }

  /** Resolves at that time and never before, which a timer alone does not promise; at once when it is over. */
  async reached(atMs: number): Promise<void> {
    for (let leftMs = atMs - this.nowMs; leftMs > 0; leftMs = atMs - this.nowMs) {
      await pauseFor(Math.ceil(leftMs), undefined, { signal: this.signal });
    }
  }

  /** A process was stopped; the result says that one reason is over, and whether it was the last. */
  standsStill(pid: number): () => "last" | "others are left" {
    const stop = { fromMs: this.nowMs, toMs: Infinity };
    const stops = this.#stops.get(pid) ?? [];
    stops.push(stop);
    this.#stops.set(pid, stops);
    return () => {
      stop.toMs = this.nowMs;
      return stops.every(({ toMs }) => toMs <= stop.toMs) ? "last" : "others are left";
    };
  }

  /** For how long a process has stood still since then, in milliseconds. */
  stoodStillMs(pid: number, sinceMs: number): number {
    let totalMs = 0;
    let countedToMs = sinceMs;
    for (const { fromMs, toMs } of this.#stops.get(pid) ?? []) {
      const endMs = Math.min(toMs, this.nowMs);
      totalMs += Math.max(0, endMs - Math.max(fromMs, countedToMs));
      countedToMs = Math.max(countedToMs, endMs);
    }
    return totalMs;
  }

  /** Something went wrong that nobody waits for; `idle` tells it. */
  fail(error: unknown): void {
    if (!this.signal.aborted) this.#failures.push(error);
  }

  /** Does something beside the steps. What goes wrong in it is told by `idle`. */
  beside(work: () => Promise<void>): void {
    const task = work()
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  /** Does something beside the steps, after so long or as soon as all is to be calm. */
  later(delayMs: number, work: () => Promise<void>): void {
    this.beside(async () => {
      const signal = AbortSignal.any([this.signal, this.#calm.signal]);
      await pauseFor(delayMs, undefined, { signal }).catch(() => undefined);
      this.signal.throwIfAborted();
      await work();
    });
  }

  /** Whatever waits for its time comes now. */
  calm(): void {
    this.#calm.abort();
  }

  /**
   * Waits until nothing goes on beside the steps.
   *
   * @returns whether that came to be in time
   * @throws whatever went wrong first in what went on
   */
  async idle(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (this.#tasks.size > 0) {
      const all = Promise.all(this.#tasks).then(() => true);
      const leftMs = Math.max(0, deadline - performance.now());
      if (!(await orAborted(withinDeadline(all, { ms: leftMs, late: false }), this.signal))) return false;
    }
    if (this.#failures.length > 0) throw this.#failures[0];
    return true;
  }

  /** Nothing is begun any more; resolves when what was under way has given up. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the schedule is over"));
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }
}
