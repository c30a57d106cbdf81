/**
 * A queue that gives back its smallest key first; equal keys come in the order in which they went in. Columns instead of
 * objects: whoever goes down the heap reads numbers that lie side by side.
 */
export class BinaryHeap<T> {
  /** By place in the heap: the key, the how manieth it was that went in, and what goes by it. */
  readonly #keys: number[] = [];
  readonly #turns: number[] = [];
  readonly #values: T[] = [];
  #pushed = 0;

  get size(): number {
    return this.#keys.length;
  }

  /** The smallest key, and which entry has it; undefined when there is none. */
  get firstKey(): number | undefined {
    return this.#keys[0];
  }

  get firstTurn(): number | undefined {
    return this.#turns[0];
  }

  get first(): T | undefined {
    return this.#values[0];
  }

  /** @returns the how manieth entry it is, by which it can be told from every other */
  push(key: number, value: T): number {
    const turn = this.#pushed;
    this.#pushed += 1;
    let place = this.#keys.length;
    this.#put(place, { key, turn, value });
    while (place > 0) {
      const above = (place - 1) >> 1;
      // Every other one of the same key went in before.
      if ((this.#keys[above] as number) <= key) break;
      this.#move(above, place);
      place = above;
    }
    this.#put(place, { key, turn, value });
    return turn;
  }

  /** Takes the first; undefined when there is none. */
  pop(): T | undefined {
    const { first } = this;
    const key = this.#keys.pop();
    const turn = this.#turns.pop();
    const value = this.#values.pop();
    if (key !== undefined && turn !== undefined && this.size > 0) this.#sink({ key, turn, value: value as T });
    return first;
  }

  /** Puts an entry in the place of the first, and moves it down to where it belongs. */
  #sink(entry: { key: number; turn: number; value: T }): void {
    const { size } = this;
    let place = 0;
    for (let below = 1; below < size; below = 2 * place + 1) {
      if (below + 1 < size && this.#isBefore(below + 1, below)) below += 1;
      const key = this.#keys[below] as number;
      if (key > entry.key || (key === entry.key && (this.#turns[below] as number) > entry.turn)) break;
      this.#move(below, place);
      place = below;
    }
    this.#put(place, entry);
  }

  #isBefore(place: number, other: number): boolean {
    const key = this.#keys[place] as number;
    const otherKey = this.#keys[other] as number;
    return key === otherKey ? (this.#turns[place] as number) < (this.#turns[other] as number) : key < otherKey;
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] as number;
    this.#turns[to] = this.#turns[from] as number;
    this.#values[to] = this.#values[from] as T;
  }

  #put(place: number, { key, turn, value }: { key: number; turn: number; value: T }): void {
    this.#keys[place] = key;
    this.#turns[place] = turn;
    this.#values[place] = value;
  }
}
