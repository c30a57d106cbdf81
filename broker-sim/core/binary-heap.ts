interface Item<T> {
  readonly key: number;
  /** Counts what went in. */
  readonly turn: number;
  readonly value: T;
}

/** A queue that gives back its smallest key first; equal keys come in the order in which they went in. */
export class BinaryHeap<T> {
  readonly #items: Item<T>[] = [];
  #turn = 0;

  get size(): number {
    return this.#items.length;
  }

  push(key: number, value: T): void {
    const item = { key, turn: this.#turn, value };
    this.#turn += 1;
    const items = this.#items;
    let place = items.length;
    items.push(item);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
  }

  peek(): { readonly key: number; readonly value: T } | undefined {
    return this.#items[0];
  }

  pop(): { readonly key: number; readonly value: T } | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  /** Puts the item in the place of the first, and moves it down to where it belongs. */
  #sink(item: Item<T>): void {
    const items = this.#items;
    let place = 0;
    for (let below = 1; below < items.length; below = 2 * place + 1) {
      let child = items[below];
      const sibling = below + 1 < items.length ? items[below + 1] : undefined;
      if (child === undefined) break;
      if (sibling !== undefined && isBefore(sibling, child)) {
        child = sibling;
        below += 1;
      }
      if (!isBefore(child, item)) break;
      items[place] = child;
      place = below;
    }
    items[place] = item;
  }
}

function isBefore<T>(left: Item<T>, right: Item<T>): boolean {
  return left.key === right.key ? left.turn < right.turn : left.key < right.key;
}
