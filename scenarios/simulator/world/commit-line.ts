import type { Effect, StoreBatch } from "../../../broker-sim/core/effects.ts";
import type { BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import { Fifo } from "../kernel/fifo.ts";
import type { BrokerCall } from "./broker-call.ts";
import { CommitGroups } from "./commit-groups.ts";
import type { Link } from "./link.ts";
import { copyOfBatch, type Store } from "./store.ts";
import type { World } from "./world.ts";

/** The answer to a request, and the way that it came by. */
export interface Reply {
  readonly call: BrokerCall;
  readonly link: Link;
  readonly response: BrokerResponse;
  /** What follows in its turn: when it was told, or cannot be any more because the process died. */
  readonly over?: (isGranted: boolean) => void;
}

/** What was decided and is told only when the store has it. */
export interface Untold {
  readonly effects: readonly Effect[];
  /** Null where the broker was asked without a network in between. */
  reply: Reply | null;
  /** Since when whoever asked waits. */
  readonly sinceMs: number;
  /** When the store has it. */
  atMs: number;
}

interface Unwritten {
  readonly batch: StoreBatch;
  /** When it is in the store. */
  atMs: number;
}

/** What is on its way to the store, and behind it what may be told only afterwards, both in the order of the decisions. */
export class CommitLine {
  readonly #world: World;
  readonly #store: Store;
  readonly #stream: ChoiceStream;
  readonly #commits: CommitGroups;
  readonly #unwritten = new Fifo<Unwritten>();
  readonly #untold = new Fifo<Untold>();
  /** How many writes found the store standing still. */
  stalledWrites = 0;

  constructor(world: World, { store, stream }: { store: Store; stream: ChoiceStream }) {
    this.#world = world;
    this.#store = store;
    this.#stream = stream;
    this.#commits = new CommitGroups(world, stream);
  }

  /** When everything that was written so far is in the store. */
  get idleAtMs(): number {
    return this.#commits.idleAtMs;
  }

  /** Whether something that was decided earlier is not told yet. */
  get isWaiting(): boolean {
    return this.#untold.size > 0;
  }

  /** What waits, in order. */
  get untold(): Iterable<Untold> {
    return this.#untold;
  }

  /** The records change with the next input, so they are copied here and now; they are in the store a little later. */
  write(batch: StoreBatch): void {
    if (this.#commits.isStalled) this.stalledWrites += 1;
    const atMs = this.#commits.write();
    this.flush();
    this.#unwritten.push({ batch: copyOfBatch(batch, this.#world.isStrict), atMs });
  }

  /** Lets it wait behind everything that was written so far. @returns when it may be told */
  wait(effects: readonly Effect[], reply: Reply | null): number {
    const atMs = Math.max(this.#world.nowMs, this.#commits.idleAtMs);
    this.#untold.push({ effects, reply, sinceMs: this.#world.nowMs, atMs });
    return atMs;
  }

  /** The next that may be told by now, which waits no longer; undefined when there is none. */
  takeCommitted(): Untold | undefined {
    const next = this.#untold.first;
    return next === undefined || next.atMs > this.#world.nowMs ? undefined : this.#untold.take();
  }

  /** No commit begins for so long. */
  stall(forMs: number): void {
    this.#commits.stall(forMs);
  }

  /** A store that stands still has everything now. @returns whether it stood still */
  wake(): boolean {
    if (!this.#commits.isStalled) return false;
    this.#commits.wake();
    const { nowMs } = this.#world;
    for (const one of this.#unwritten) one.atMs = nowMs;
    for (const one of this.#untold) one.atMs = nowMs;
    return true;
  }

  /**
   * The process died: what was on its way to the store got there, or the last of it did not.
   *
   * @returns what nobody will be told
   */
  breakOff(): Untold[] {
    this.flush();
    const lost = this.#stream.upTo("unwritten", this.#unwritten.size);
    const written = [...this.#unwritten].slice(0, this.#unwritten.size - lost);
    for (const { batch } of written) this.#store.commit(batch);
    this.#unwritten.clear();
    this.#commits.clear();
    const untold = [...this.#untold];
    this.#untold.clear();
    return untold;
  }

  /** What is in the store by now is there to be read. */
  flush(): void {
    const unwritten = this.#unwritten;
    for (let next = unwritten.first; next !== undefined && next.atMs <= this.#world.nowMs; next = unwritten.first) {
      this.#store.commit(next.batch);
      unwritten.take();
    }
  }
}
