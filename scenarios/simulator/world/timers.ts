import { assert } from "../../../foundation/assert.ts";
import { type EventTarget, momentOf } from "../kernel/event-heap.ts";
import type { World } from "./world.ts";

/**
 * The named timers of one process. A timer that is set to a later time keeps its event in the heap; when that comes it
 * is put off, so that renewals cost nothing. `what` of the events is the timer's number.
 */
export class Timers<Name extends string> {
  readonly #world: World;
  readonly #target: EventTarget;
  /**
   * By timer, side by side: when it is due, Infinity for not set, and when its event in the heap comes. A plain array
   * of numbers lies in the heap in one piece; a typed one costs three objects and a buffer elsewhere for each process.
   */
  readonly #times: number[];
  readonly #names: readonly Name[];

  constructor(world: World, target: EventTarget, names: readonly Name[]) {
    this.#world = world;
    this.#target = target;
    this.#names = names;
    this.#times = Array.from({ length: 2 * names.length }, () => Infinity);
  }

  /** Sets it, instead of any earlier setting. */
  set(name: Name, delayMs: number): void {
    const index = this.#numberOf(name);
    // Put into words only where it is so: timers are set all the time.
    if (!(delayMs >= 0 && delayMs < Infinity)) assert(false, `the timer ${name} is set to a time that comes`);
    const dueMs = momentOf(this.#world.nowMs + delayMs);
    this.#times[2 * index] = dueMs;
    if ((this.#times[2 * index + 1] as number) <= dueMs) return;
    this.#times[2 * index + 1] = dueMs;
    this.#world.heap.push(dueMs, this.#target, index, null);
  }

  clear(name: Name): void {
    this.#times[2 * this.#numberOf(name)] = Infinity;
  }

  /** Those that are set. */
  get areSet(): Name[] {
    return this.#names.filter((_, index) => this.#times[2 * index] !== Infinity);
  }

  /** Infinity when it is not set. */
  dueInMs(name: Name): number {
    return (this.#times[2 * this.#names.indexOf(name)] as number) - this.#world.nowMs;
  }

  /** An event of a timer came while its process stood still; see `rearm`. */
  miss(index: number): void {
    if ((this.#times[2 * index + 1] as number) === this.#world.nowMs) this.#times[2 * index + 1] = Infinity;
  }

  /** The process goes on: timers whose events were missed fire now. */
  rearm(): void {
    const { nowMs, heap } = this.#world;
    for (let index = 0; index < this.#names.length; index += 1) {
      if ((this.#times[2 * index] as number) === Infinity || (this.#times[2 * index + 1] as number) !== Infinity)
        continue;
      this.#times[2 * index + 1] = Math.max(nowMs, this.#times[2 * index] as number);
      heap.push(this.#times[2 * index + 1] as number, this.#target, index, null);
    }
  }

  /** An event of a timer came: its name if it is due, else null. */
  take(index: number): Name | null {
    const { nowMs, heap } = this.#world;
    // An earlier event of the same timer, which a later setting made void.
    if ((this.#times[2 * index + 1] as number) !== nowMs) return null;
    const dueMs = this.#times[2 * index] as number;
    this.#times[2 * index + 1] = Infinity;
    if (dueMs === Infinity) return null;
    if (dueMs > nowMs) {
      this.#times[2 * index + 1] = dueMs;
      heap.push(dueMs, this.#target, index, null);
      return null;
    }
    this.#times[2 * index] = Infinity;
    return this.#names[index] as Name;
  }

  #numberOf(name: Name): number {
    const index = this.#names.indexOf(name);
    if (index < 0) assert(false, `there is a timer ${name}`);
    return index;
  }
}
