import type { Note } from "../../../agent/core/effect.ts";
import type { Fuse } from "./fuse.ts";
import type { Host } from "./host.ts";
import { writtenNote } from "./note-forms.ts";
import type { HistorySource, World } from "./world.ts";

/** What the ledger needs of the process that keeps it. */
interface LedgerKeeper {
  readonly alive: boolean;
  readonly host: Host;
  readonly world: World;
  readonly source: HistorySource;
}

/**
 * The host ledger as the agent's process keeps it: a resource is journalled before it is taken, and struck off after it
 * is released. The process may die over any line.
 */
export class HostLedger {
  readonly #body: LedgerKeeper;
  readonly #fuse: Fuse;

  constructor(body: LedgerKeeper, fuse: Fuse) {
    this.#body = body;
    this.#fuse = fuse;
  }

  /** Journals a resource, unless it stands there, and makes it. */
  make(resource: string): void {
    this.acquire(resource);
    if (this.#body.alive) this.#body.host.make(resource);
  }

  /** Takes it away and strikes it off. */
  unmake(resource: string): void {
    if (!this.#body.alive) return;
    this.#body.host.remove(resource);
    this.release(resource);
  }

  /** Journals a resource, unless it stands there. */
  acquire(resource: string): void {
    const { host, world, source } = this.#body;
    if (host.journal.holds(resource)) return;
    if (!this.#body.alive || this.#fuse.tears()) return;
    host.journal.acquire(resource);
    world.record(source, "agent.acquired", { resource });
  }

  /** Strikes a resource off, if it stands there. */
  release(resource: string): void {
    const { host, world, source } = this.#body;
    if (!host.journal.holds(resource)) return;
    if (!this.#body.alive || this.#fuse.tears()) return;
    host.journal.release(resource);
    world.record(source, "agent.released", { resource });
  }

  /** Writes down what the next instance has to know. */
  remember(note: Note): void {
    const written = writtenNote(note, this.#body.world.isStrict);
    if (!this.#fuse.tears()) this.#body.host.journal.remember(note.key, written);
  }
}
