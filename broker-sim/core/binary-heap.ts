/** A queue that gives back its smallest key first; equal keys come in the order in which they went in. */
export class BinaryHeap<T> {
  readonly #items: { readonly key: number; readonly turn: number; readonly value: T }[] = [];
  #turn = 0;

  get size(): number {
    return this.#items.length;
  }

  push(key: number, value: T): void {
    const items = this.#items;
    items.push({ key, turn: this.#turn, value });
    this.#turn += 1;
    let child = items.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  peek(): { readonly key: number; readonly value: T } | undefined {
    return this.#items[0];
  }

  pop(): { readonly key: number; readonly value: T } | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    items[0] = last;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= items.length) break;
      const child = left + 1 < items.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      parent = child;
    }
    return first;
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#items[left], this.#items[right]];
    if (a === undefined || b === undefined) return false;
    return a.key === b.key ? a.turn < b.turn : a.key < b.key;
  }

  #swap(left: number, right: number): void {
    const [a, b] = [this.#items[left], this.#items[right]];
    if (a === undefined || b === undefined) return;
    this.#items[left] = b;
    this.#items[right] = a;
  }
}
