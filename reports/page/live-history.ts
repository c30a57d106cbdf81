import type { HistoryStore } from "./history-store.ts";

/** The history of a run that goes on: it grows while it is read. */
export class LiveHistory implements HistoryStore {
  readonly types: string[] = [];
  readonly sources: string[] = [];
  beganAt = 0;
  readonly #at: number[] = [];
  readonly #type: number[] = [];
  readonly #source: number[] = [];
  readonly #lines: string[] = [];

  get count(): number {
    return this.#at.length;
  }

  add({ at, type, source, sequence, data }: LiveRecord): void {
    if (this.#at.length === 0) this.beganAt = at;
    this.#at.push(at - this.beganAt);
    this.#type.push(placeIn(this.types, type));
    this.#source.push(placeIn(this.sources, source));
    this.#lines.push(`${sequence} ${JSON.stringify(data)}`);
  }

  at(index: number): number {
    return this.#at[index] as number;
  }

  type(index: number): number {
    return this.#type[index] as number;
  }

  source(index: number): number {
    return this.#source[index] as number;
  }

  line(index: number): string | undefined {
    return this.#lines[index];
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }
}

export interface LiveRecord {
  readonly at: number;
  readonly type: string;
  readonly source: string;
  readonly sequence: number;
  readonly data: unknown;
}

function placeIn(names: string[], name: string): number {
  const known = names.indexOf(name);
  return known === -1 ? names.push(name) - 1 : known;
}
