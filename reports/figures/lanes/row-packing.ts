import { LaneBuilder, type LaneTone, type Texts } from "./lane.ts";

/**
 * As many rows as things are at it at once: whatever begins takes the topmost row that is free, so that no two in a row
 * overlap. A thing is named by its key; its stages follow each other in its row.
 */
export class RowPacking {
  readonly rows: LaneBuilder[] = [];
  readonly #open = new Map<string, { row: number; span: number }>();
  /** The latest span of each, ended or not. */
  readonly #latest = new Map<string, { readonly row: number; readonly span: number }>();
  readonly #busy: boolean[] = [];
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** Begins a thing, or its next stage. */
  stage(key: string, atMs: number, { tone, text }: { readonly tone: LaneTone; readonly text: string }): void {
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#row(known.row).end(known.span, atMs);
      known.span = this.#row(known.row).begin(atMs, tone, text);
      this.#latest.set(key, known);
      return;
    }
    const free = this.#busy.indexOf(false);
    const row = free === -1 ? this.#busy.length : free;
    this.#busy[row] = true;
    const place = { row, span: this.#row(row).begin(atMs, tone, text) };
    this.#open.set(key, place);
    this.#latest.set(key, place);
  }

  /** What its latest span stands for. */
  tell(key: string, { tone, text }: { readonly tone: LaneTone; readonly text: string }): void {
    const known = this.#latest.get(key);
    if (known !== undefined) this.#row(known.row).tell(known.span, { tone, text });
  }

  /** Ends a thing; one that never began is passed over: its beginning was not recorded. */
  end(key: string, atMs: number, over: { readonly tone?: LaneTone; readonly text?: string } = {}): void {
    const known = this.#open.get(key);
    if (known === undefined) return;
    this.#row(known.row).end(known.span, atMs, over);
    this.#busy[known.row] = false;
    this.#open.delete(key);
  }

  /** Ends everything: its process is gone. */
  endAll(atMs: number): void {
    for (const key of this.#open.keys()) this.end(key, atMs);
  }

  #row(index: number): LaneBuilder {
    return (this.rows[index] ??= new LaneBuilder(this.#texts));
  }
}
