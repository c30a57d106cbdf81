import type { HistoryStore } from "./history-store.ts";
import { type HistoryHead, pageElements } from "./page-data.ts";
import { type Columns, unpackColumns } from "./packed-columns.ts";
import { unpackBytes, unpackText } from "./unpack.ts";

/** So many blocks stay unpacked: a few screens, and what a scroll has just passed. */
const blocksKeptMax = 48;

/** The history that lies in the page itself. */
export class EmbeddedHistory implements HistoryStore {
  readonly count: number;
  readonly types: readonly string[];
  readonly sources: readonly string[];
  readonly beganAt: number;
  readonly #head: HistoryHead;
  readonly #columns: Columns;
  /** The one that was used last comes last. */
  readonly #blocks = new Map<number, readonly string[]>();
  readonly #coming = new Map<number, Promise<void>>();

  private constructor(head: HistoryHead, columns: Columns) {
    this.#head = head;
    this.#columns = columns;
    this.count = head.count;
    this.types = head.types;
    this.sources = head.sources;
    this.beganAt = head.beganAt;
  }

  static async open(head: HistoryHead): Promise<EmbeddedHistory> {
    const bytes = await unpackBytes(pageElements.columns);
    return new EmbeddedHistory(head, unpackColumns(bytes ?? new Uint8Array(), bytes === undefined ? 0 : head.count));
  }

  at(index: number): number {
    return this.#columns.at[index] as number;
  }

  type(index: number): number {
    return this.#columns.type[index] as number;
  }

  source(index: number): number {
    return this.#columns.source[index] as number;
  }

  line(index: number): string | undefined {
    return this.#blocks.get(this.#blockOf(index))?.[index % this.#head.blockEvents];
  }

  async ready(from: number, to: number): Promise<void> {
    const wanted: Promise<void>[] = [];
    for (let block = this.#blockOf(from); block <= this.#blockOf(to); block += 1) wanted.push(this.#unpacked(block));
    await Promise.all(wanted);
  }

  #blockOf(index: number): number {
    return Math.floor(index / this.#head.blockEvents);
  }

  async #unpacked(block: number): Promise<void> {
    const known = this.#blocks.get(block);
    if (known === undefined) return await this.#unpack(block);
    this.#blocks.delete(block);
    this.#blocks.set(block, known);
  }

  #unpack(block: number): Promise<void> {
    const coming = this.#coming.get(block);
    if (coming !== undefined) return coming;
    const unpacking = unpackText(`${pageElements.block}${block}`).then((text = "") => {
      this.#blocks.set(block, text.split("\n"));
      this.#coming.delete(block);
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size > blocksKeptMax && oldest !== undefined) this.#blocks.delete(oldest);
    });
    this.#coming.set(block, unpacking);
    return unpacking;
  }
}
