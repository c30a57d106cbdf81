import type { TimerName } from "../../../agent/core/input.ts";
import { type EventTarget, momentOf } from "../kernel/event-heap.ts";
import type { World } from "./world.ts";

export const timerNames: readonly TimerName[] = [
  "enrol",
  "heartbeat",
  "leases",
  "outbox",
  "snapshot",
  "acknowledge",
  "periodic",
  "shutdown",
  "withdraw",
];

const noTimers: readonly number[] = timerNames.flatMap(() => [Infinity, Infinity]);
const indexOf = new Map<TimerName, number>(timerNames.map((name, index) => [name, index]));

/**
 * The named timers of one process. A timer that is set to a later time keeps its event in the heap; when that comes it
 * is put off, so that renewals cost nothing. `what` of the events is the timer's number.
 */
export class AgentTimers {
  readonly #world: World;
  readonly #target: EventTarget;
  /**
   * By timer, side by side: when it is due, Infinity for not set, and when its event in the heap comes. A plain array of
   * numbers lies in the heap in one piece; a typed one costs three objects and a buffer elsewhere for each agent.
   */
  readonly #times = noTimers.slice();

  constructor(world: World, target: EventTarget) {
    this.#world = world;
    this.#target = target;
  }

  set(name: TimerName, delayMs: number): void {
    const index = indexOf.get(name) as number;
    const dueMs = momentOf(this.#world.nowMs + delayMs);
    this.#times[2 * index] = dueMs;
    if ((this.#times[2 * index + 1] as number) <= dueMs) return;
    this.#times[2 * index + 1] = dueMs;
    this.#world.heap.push(dueMs, this.#target, index, null);
  }

  clear(name: TimerName): void {
    this.#times[2 * (indexOf.get(name) as number)] = Infinity;
  }

  /** An event of a timer came while its process stood still; see `rearm`. */
  miss(index: number): void {
    if ((this.#times[2 * index + 1] as number) === this.#world.nowMs) this.#times[2 * index + 1] = Infinity;
  }

  /** The process goes on: timers whose events were missed fire now. */
  rearm(): void {
    const { nowMs, heap } = this.#world;
    for (let index = 0; index < timerNames.length; index += 1) {
      if ((this.#times[2 * index] as number) === Infinity || (this.#times[2 * index + 1] as number) !== Infinity)
        continue;
      this.#times[2 * index + 1] = Math.max(nowMs, this.#times[2 * index] as number);
      heap.push(this.#times[2 * index + 1] as number, this.#target, index, null);
    }
  }

  /** An event of a timer came: its name if it is due, else null. */
  take(index: number): TimerName | null {
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
    return timerNames[index] as TimerName;
  }
}
