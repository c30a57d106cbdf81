import { assert } from "../../../foundation/assert.ts";

type Undo = () => void;

/**
 * The journal file of one host ledger as a disk sees it. A line that was appended and not synced is lost with the
 * power, not with the process; the agent's ledger syncs every line before the call returns, and so does this model of
 * it.
 */
export class Journal {
  readonly #notes = new Map<string, unknown>();
  readonly #resources = new Set<string>();
  /** How to take back what is not synced yet, oldest first. */
  #unsynced: Undo[] = [];

  remember(key: string, value: unknown): void {
    const before = this.#notes.get(key);
    if (value === null && before === undefined) return;
    if (value === null) this.#notes.delete(key);
    else this.#notes.set(key, value);
    this.#appended(() => {
      if (before === undefined) this.#notes.delete(key);
      else this.#notes.set(key, before);
    });
  }

  acquire(resource: string): void {
    const held = this.#resources.has(resource);
    this.#resources.add(resource);
    this.#appended(() => {
      if (!held) this.#resources.delete(resource);
    });
  }

  release(resource: string): void {
    assert(this.#resources.delete(resource), "the ledger holds what it strikes off");
    this.#appended(() => this.#resources.add(resource));
  }

  holds(resource: string): boolean {
    return this.#resources.has(resource);
  }

  get resources(): ReadonlySet<string> {
    return this.#resources;
  }

  note(key: string): unknown {
    return this.#notes.get(key) ?? null;
  }

  /** The notes whose keys begin so, sorted by key. */
  notes(prefix: string): { key: string; value: unknown }[] {
    return [...this.#notes]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * The power fails.
   *
   * @param lose how many of the last unsynced lines are lost, asked with how many there are
   */
  losePower(lose: (unsynced: number) => number): void {
    const lost = lose(this.#unsynced.length);
    for (const undo of this.#unsynced.splice(this.#unsynced.length - lost).reverse()) undo();
    this.#unsynced = [];
  }

  /** The file is deleted. */
  clear(): void {
    this.#notes.clear();
    this.#resources.clear();
    this.#unsynced = [];
  }

  #appended(undo: Undo): void {
    this.#unsynced.push(undo);
    this.#sync();
  }

  #sync(): void {
    this.#unsynced.length = 0;
  }
}
