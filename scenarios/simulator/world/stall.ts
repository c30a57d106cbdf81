import type { EventTarget } from "../kernel/event-heap.ts";
import type { World } from "./world.ts";

/** A process that stands still (SIGSTOP, a machine that swaps): what happens meanwhile is seen when it goes on, in order. */
export class Stall implements EventTarget {
  readonly #world: World;
  readonly #target: EventTarget;
  readonly #onEnd: () => void;
  #untilMs = 0;
  #sinceMs: number | null = null;
  #endedMs = 0;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #deferred: { readonly what: number; readonly detail: unknown }[] = [];

  /** @param onEnd is called when it goes on, before it sees what it missed */
  constructor(world: World, target: EventTarget, onEnd: () => void) {
    this.#world = world;
    this.#target = target;
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#untilMs > this.#world.nowMs;
  }

  /** How long it has stood still in all. */
  get totalMs(): number {
    return this.#endedMs + (this.#sinceMs === null ? 0 : this.#world.nowMs - this.#sinceMs);
  }

  /** Whether it stood still at any moment of the last so many milliseconds. */
  wasOnWithin(ms: number): boolean {
    return this.isOn || this.#lastEndMs > this.#world.nowMs - ms;
  }

  begin(forMs: number): void {
    const untilMs = this.#world.nowMs + forMs;
    if (untilMs <= this.#untilMs) return;
    this.#untilMs = untilMs;
    this.#sinceMs ??= this.#world.nowMs;
    this.#world.heap.push(untilMs, this, 0, null);
  }

  defer(what: number, detail: unknown): void {
    this.#deferred.push({ what, detail });
  }

  /** It goes on now, however long it was to stand still. */
  end(): void {
    if (!this.isOn) return;
    this.#untilMs = this.#world.nowMs;
    this.happen();
  }

  happen(): void {
    if (this.isOn) return;
    this.#endedMs = this.totalMs;
    this.#lastEndMs = this.#world.nowMs;
    this.#sinceMs = null;
    this.#onEnd();
    const { heap, nowMs } = this.#world;
    for (const { what, detail } of this.#deferred.splice(0)) heap.push(nowMs, this.#target, what, detail);
  }
}
