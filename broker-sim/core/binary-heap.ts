import { assert } from "../../foundation/assert.ts";

/**
 * A queue that gives back its smallest key first; which of equal keys comes first is not said. Columns instead of
 * objects: whoever goes down the heap reads numbers that lie side by side.
 */
export class BinaryHeap<T> {
  /** By place in the heap: the key, and what goes by it. */
  readonly #keys: number[] = [];
  readonly #values: T[] = [];

  /** The smallest key; undefined when there is none. */
  get firstKey(): number | undefined {
    return this.#keys[0];
  }

  get first(): T | undefined {
    return this.#values[0];
  }

  push(key: number, value: T): void {
    let place = this.#keys.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const keyAbove = this.#keys[above] as number;
      if (keyAbove <= key) break;
      this.#put(place, keyAbove, this.#values[above] as T);
      place = above;
    }
    this.#put(place, key, value);
  }

  /** Takes the first; undefined when there is none. */
  pop(): T | undefined {
    const { first } = this;
    const key = this.#keys.pop() as number;
    const value = this.#values.pop() as T;
    // The last one takes the first one's place, unless it was the first.
    if (this.#keys.length > 0) this.#sink(key, value);
    return first;
  }

  /** Every key is as large at least as the one above it. */
  assertOrdered(): void {
    const keys = this.#keys;
    assert(keys.length === this.#values.length, "every key has its value");
    keys.forEach((key, place) =>
      assert(place === 0 || key >= (keys[(place - 1) >> 1] as number), "the heap is ordered"),
    );
  }

  /** Puts an entry in the place of the first, and moves it down to where it belongs. */
  #sink(key: number, value: T): void {
    let place = 0;
    for (;;) {
      const below = this.#smallestBelow(place);
      const keyBelow = this.#keys[below];
      if (keyBelow === undefined || keyBelow >= key) break;
      this.#put(place, keyBelow, this.#values[below] as T);
      place = below;
    }
    this.#put(place, key, value);
  }

  /** Past the end where nothing is below. */
  #smallestBelow(place: number): number {
    const left = 2 * place + 1;
    const right = left + 1;
    if (right >= this.#keys.length) return left;
    return (this.#keys[left] as number) < (this.#keys[right] as number) ? left : right;
  }

  #put(place: number, key: number, value: T): void {
    this.#keys[place] = key;
    this.#values[place] = value;
  }
}
