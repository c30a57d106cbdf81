import { Line, nowhere, type Standing } from "./line.ts";

interface Arrival extends Standing<Arrival> {
  readonly id: string;
}

/**
 * Ids in the order in which they came. Unlike a Set's, its oldest is found at once however many have left before: a Set
 * keeps their places, and whoever asks for its first goes past them all.
 */
export class ArrivalOrder {
  readonly #arrivals = new Map<string, Arrival>();
  readonly #line = new Line<Arrival>();

  get size(): number {
    return this.#arrivals.size;
  }

  get oldest(): string | undefined {
    return this.#line.oldest?.id;
  }

  has(id: string): boolean {
    return this.#arrivals.has(id);
  }

  /** Puts an id behind all others; one that is there keeps its place. */
  add(id: string): void {
    if (this.#arrivals.has(id)) return;
    const arrival = { id, ...nowhere };
    this.#arrivals.set(id, arrival);
    this.#line.add(arrival);
  }

  delete(id: string): void {
    const arrival = this.#arrivals.get(id);
    if (arrival === undefined) return;
    this.#arrivals.delete(id);
    this.#line.delete(arrival);
  }
}
