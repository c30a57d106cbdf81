/** Whoever events happen to. `what` is the receiver's own number for the kind of event. */
export interface EventTarget {
  happen(what: number, detail: unknown, atMs: number): void;
}

const capacityMin = 1_024;
const ticksPerMs = 64;

/**
 * The next moment of virtual time, which is counted in 64ths of a millisecond: wall clocks (13 digits and a fraction) and
 * times since the beginning then hold the same moment exactly, and nothing is due a rounding error before its time.
 */
export function momentOf(atMs: number): number {
  return Math.ceil(atMs * ticksPerMs) / ticksPerMs;
}

/**
 * What is to happen, earliest first; events of one moment come in the order in which they were scheduled, so that a run
 * is determined by its inputs alone. Columns instead of objects: an event costs no allocation once the heap has grown.
 */
export class EventHeap {
  /** Two orders of the same slots: `#heap` holds slot numbers, the columns are indexed by slot. */
  #heap = new Int32Array(capacityMin);
  #times = new Float64Array(capacityMin);
  #sequences = new Float64Array(capacityMin);
  #whats = new Int32Array(capacityMin);
  readonly #targets: (EventTarget | undefined)[] = [];
  readonly #details: unknown[] = [];
  readonly #free: number[] = [];
  #size = 0;
  #sequence = 0;
  #slots = 0;

  get size(): number {
    return this.#size;
  }

  /** When the next event happens; Infinity when there is none. */
  get nextAtMs(): number {
    return this.#size === 0 ? Infinity : (this.#times[this.#heap[0] as number] as number);
  }

  /** @param atMs rounded up to the next moment; see `momentOf` */
  push(atMs: number, target: EventTarget, what: number, detail: unknown): void {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#times[slot] = momentOf(atMs);
    this.#sequences[slot] = this.#sequence;
    this.#sequence += 1;
    this.#whats[slot] = what;
    this.#targets[slot] = target;
    this.#details[slot] = detail;
    let child = this.#size;
    this.#size += 1;
    const heap = this.#heap;
    while (child > 0) {
      const parent = (child - 1) >> 2;
      const above = heap[parent] as number;
      if (!this.#isBefore(slot, above)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = slot;
  }

  /** Takes the earliest event and lets it happen. The heap must hold one. */
  happenNext(): void {
    const heap = this.#heap;
    const slot = heap[0] as number;
    const target = this.#targets[slot] as EventTarget;
    const detail = this.#details[slot];
    const what = this.#whats[slot] as number;
    const atMs = this.#times[slot] as number;
    this.#targets[slot] = undefined;
    this.#details[slot] = undefined;
    this.#free.push(slot);
    this.#size -= 1;
    if (this.#size > 0) this.#sink(heap[this.#size] as number);
    target.happen(what, detail, atMs);
  }

  /** Puts a slot where the first one was taken from. */
  #sink(slot: number): void {
    const heap = this.#heap;
    const size = this.#size;
    let parent = 0;
    for (;;) {
      const first = 4 * parent + 1;
      if (first >= size) break;
      let least = first;
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child += 1) {
        if (this.#isBefore(heap[child] as number, heap[least] as number)) least = child;
      }
      const below = heap[least] as number;
      if (!this.#isBefore(below, slot)) break;
      heap[parent] = below;
      parent = least;
    }
    heap[parent] = slot;
  }

  #isBefore(left: number, right: number): boolean {
    const before = (this.#times[left] as number) - (this.#times[right] as number);
    return before === 0 ? (this.#sequences[left] as number) < (this.#sequences[right] as number) : before < 0;
  }

  #newSlot(): number {
    const slot = this.#slots;
    this.#slots += 1;
    if (slot >= this.#times.length) this.#grow();
    return slot;
  }

  #grow(): void {
    const capacity = 2 * this.#times.length;
    this.#heap = grown(new Int32Array(capacity), this.#heap);
    this.#whats = grown(new Int32Array(capacity), this.#whats);
    this.#times = grown(new Float64Array(capacity), this.#times);
    this.#sequences = grown(new Float64Array(capacity), this.#sequences);
  }
}

function grown<T extends Int32Array | Float64Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
