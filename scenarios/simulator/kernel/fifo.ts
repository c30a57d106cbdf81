const compactFrom = 1_024;

/** What waits its turn. Unlike an array's, its first is taken at once however many wait behind it. */
export class Fifo<T> implements Iterable<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.first;
    if (this.size > 0) this.#head += 1;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= compactFrom && 2 * this.#head >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  /** Those that wait, first to last. */
  *[Symbol.iterator](): Generator<T> {
    for (let index = this.#head; index < this.#items.length; index += 1) yield this.#items[index] as T;
  }
}
