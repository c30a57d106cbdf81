interface Arrival {
  readonly id: string;
  before: Arrival | null;
  after: Arrival | null;
}

/**
 * Ids in the order in which they came. Unlike a Set's, its oldest is found at once however many have left before: a Set
 * keeps their places, and whoever asks for its first goes past them all.
 */
export class ArrivalOrder {
  readonly #arrivals = new Map<string, Arrival>();
  #oldest: Arrival | null = null;
  #newest: Arrival | null = null;

  get size(): number {
    return this.#arrivals.size;
  }

  get oldest(): string | undefined {
    return this.#oldest?.id;
  }

  has(id: string): boolean {
    return this.#arrivals.has(id);
  }

  /** Puts an id behind all others; one that is there keeps its place. */
  add(id: string): void {
    if (this.#arrivals.has(id)) return;
    const arrival = { id, before: null, after: null };
    this.#arrivals.set(id, arrival);
    this.#append(arrival);
  }

  /** Puts an id behind all others, whether it is there or not. */
  addLast(id: string): void {
    const arrival = this.#arrivals.get(id);
    if (arrival === undefined) this.add(id);
    else if (arrival !== this.#newest) {
      this.#unlink(arrival);
      this.#append(arrival);
    }
  }

  delete(id: string): void {
    const arrival = this.#arrivals.get(id);
    if (arrival === undefined) return;
    this.#arrivals.delete(id);
    this.#unlink(arrival);
  }

  #append(arrival: Arrival): void {
    arrival.before = this.#newest;
    arrival.after = null;
    if (this.#newest === null) this.#oldest = arrival;
    else this.#newest.after = arrival;
    this.#newest = arrival;
  }

  #unlink({ before, after }: Arrival): void {
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#newest = before;
    else after.before = before;
  }
}
