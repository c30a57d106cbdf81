import { assert } from "../../../foundation/assert.ts";

/** Whoever events happen to. `what` is the receiver's own number for the kind of event. */
export interface EventTarget {
  happen(what: number, detail: unknown, atMs: number): void;
}

/** What a run of few agents fills; the columns of a larger one would cost it more than all that it puts there. */
const capacityMin = 256;
const ticksPerMs = 64;

/**
 * The next moment of virtual time, which is counted in 64ths of a millisecond: wall clocks (13 digits and a fraction)
 * and times since the beginning then hold the same moment exactly, and nothing is due a rounding error before its time.
 */
export function momentOf(atMs: number): number {
  return Math.ceil(atMs * ticksPerMs) / ticksPerMs;
}

/**
 * The receiver's number of an event lies below this, so that it shares a column with the event's own number. That
 * leaves room for 2^37 events in one run.
 */
const whatsMax = 2 ** 16;

/**
 * What is to happen, earliest first; events of one moment come in the order in which they were scheduled, so that a run
 * is determined by its inputs alone. Columns instead of objects: an event costs no allocation once the heap has grown,
 * and the four children of a place lie side by side in memory.
 */
export class EventHeap {
  /** By place in the heap: when, the how manieth event (times `whatsMax`, plus `what`), and where its receiver stands. */
  #times = new Float64Array(capacityMin);
  #orders = new Float64Array(capacityMin);
  #slots = new Int32Array(capacityMin);
  /** By slot: the receiver, and behind it what it is told. */
  readonly #parts: unknown[] = [];
  readonly #free: number[] = [];
  #size = 0;
  #pushed = 0;

  get size(): number {
    return this.#size;
  }

  /** When the next event happens; Infinity when there is none. */
  get nextAtMs(): number {
    return this.#size === 0 ? Infinity : (this.#times[0] as number);
  }

  /** @param atMs rounded up to the next moment; see `momentOf` */
  push(atMs: number, target: EventTarget, what: number, detail: unknown): void {
    assert(what < whatsMax, "the number of an event leaves room for how many there are");
    const slot = this.#keep(target, detail);
    const time = momentOf(atMs);
    const order = this.#pushed * whatsMax + what;
    this.#pushed += 1;
    let child = this.#size;
    this.#size += 1;
    if (child === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const slots = this.#slots;
    while (child > 0) {
      const parent = (child - 1) >> 2;
      // Every other one of the same moment was pushed before.
      if ((times[parent] as number) <= time) break;
      times[child] = times[parent] as number;
      orders[child] = orders[parent] as number;
      slots[child] = slots[parent] as number;
      child = parent;
    }
    times[child] = time;
    orders[child] = order;
    slots[child] = slot;
  }

  /** Takes the earliest event and lets it happen. The heap must hold one. */
  happenNext(): void {
    assert(this.#size > 0, "something is to happen");
    const atMs = this.#times[0] as number;
    const what = (this.#orders[0] as number) % whatsMax;
    const slot = this.#slots[0] as number;
    const parts = this.#parts;
    const target = parts[slot] as EventTarget;
    const detail = parts[slot + 1];
    parts[slot] = undefined;
    parts[slot + 1] = undefined;
    this.#free.push(slot);
    this.#size -= 1;
    this.#sinkLast();
    target.happen(what, detail, atMs);
  }

  /** Puts the last event where the first one was taken from, and moves it down to where it belongs. */
  #sinkLast(): void {
    const times = this.#times;
    const orders = this.#orders;
    const slots = this.#slots;
    const size = this.#size;
    const time = times[size] as number;
    const order = orders[size] as number;
    let parent = 0;
    for (;;) {
      const first = 4 * parent + 1;
      if (first >= size) break;
      let least = first;
      let leastTime = times[first] as number;
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child += 1) {
        const childTime = times[child] as number;
        if (childTime > leastTime) continue;
        if (childTime === leastTime && (orders[child] as number) > (orders[least] as number)) continue;
        least = child;
        leastTime = childTime;
      }
      if (leastTime > time || (leastTime === time && (orders[least] as number) > order)) break;
      times[parent] = leastTime;
      orders[parent] = orders[least] as number;
      slots[parent] = slots[least] as number;
      parent = least;
    }
    times[parent] = time;
    orders[parent] = order;
    slots[parent] = slots[size] as number;
  }

  /** @returns the slot where they stand until they are taken */
  #keep(target: EventTarget, detail: unknown): number {
    const slot = this.#free.pop();
    if (slot === undefined) return this.#parts.push(target, detail) - 2;
    this.#parts[slot] = target;
    this.#parts[slot + 1] = detail;
    return slot;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    this.#times = grown(new Float64Array(capacity), this.#times);
    this.#orders = grown(new Float64Array(capacity), this.#orders);
    this.#slots = grown(new Int32Array(capacity), this.#slots);
  }
}

function grown<T extends Int32Array | Float64Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
