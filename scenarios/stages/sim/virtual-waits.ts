import { setImmediate as otherWork } from "node:timers/promises";

import type { World } from "../../simulator/world/world.ts";

interface Wait {
  readonly condition: () => boolean;
  readonly endsAtMs: number;
  /** What is thrown when the time is over; undefined where that is what is waited for. */
  readonly late: () => Error | undefined;
  readonly settle: (error?: unknown) => void;
}

/** After how many events whatever comes in real time has its turn: a signal, or the run's own deadline. */
const eventsAtOnceMax = 2_000;

/** How often work that was given up may go on, to say how it ends; then it is left, as it waits for something else. */
const turnsAfterMax = 1_000;

/**
 * Who waits in virtual time for what. Time passes only while all wait, so that what each of them does between two waits
 * takes none; those that wait for the same go on in the order in which they came. Which is why a run with branches is a
 * function of its plan as one without is.
 */
export class VirtualWaits {
  readonly #world: World;
  readonly #guarded: (work: () => void) => void;
  #waits: Wait[] = [];
  #turns: Wait["settle"][] = [];
  #failure: { readonly error: unknown } | undefined;

  /** @param guarded runs what may break an assertion, and throws what is to be said of it */
  constructor(world: World, guarded: (work: () => void) => void) {
    this.#world = world;
    this.#guarded = guarded;
  }

  /** Until the condition holds, which is looked at after every event, or the time is over. */
  async until(condition: () => boolean, withinMs: number, late: Wait["late"]): Promise<void> {
    const endsAtMs = this.#world.nowMs + withinMs;
    await this.#wait((settle) => this.#waits.push({ condition, endsAtMs, late, settle }));
  }

  /** Until everybody else waits; no time passes. */
  async turn(): Promise<void> {
    await this.#wait((settle) => this.#turns.push(settle));
  }

  /** Nobody's waiting leads anywhere any more; the first error counts. */
  giveUp(error: unknown): void {
    this.#failure ??= { error };
    const settles = [...this.#turns, ...this.#waits.map(({ settle }) => settle)];
    this.#turns = [];
    this.#waits = [];
    for (const settle of settles) settle(this.#failure.error);
  }

  /** Lets time pass as long as the work waits by this. */
  async drive(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const played = work().finally(() => (isOver = true));
    // It is awaited below, when it is over.
    played.catch(() => undefined);
    for (let turnsAfter = 0; !isOver; ) {
      // Whoever can go on does so before this comes back: promises have their turn first.
      await otherWork();
      if (this.#failure !== undefined && turnsAfter++ >= turnsAfterMax) throw this.#failure.error;
      const turns = this.#turns;
      this.#turns = [];
      if (turns.length > 0) for (const settle of turns) settle();
      else if (!isOver) this.#letTimePass();
    }
    await played;
  }

  async #wait(enter: (settle: Wait["settle"]) => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await new Promise<void>((resolve, reject) => {
      enter((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Up to the first moment at which somebody's wait is over, or for as long as this may keep the process to itself. */
  #letTimePass(): void {
    const world = this.#world;
    if (this.#waits.length === 0) return;
    const endsAtMs = Math.min(...this.#waits.map((wait) => wait.endsAtMs));
    try {
      this.#guarded(() => {
        for (let events = 0; events < eventsAtOnceMax; events += 1) {
          if (this.#settleThose((wait) => wait.condition())) return;
          if (world.happenNext(endsAtMs)) continue;
          world.nowMs = endsAtMs;
          this.#settleThose((wait) => wait.endsAtMs <= endsAtMs);
          return;
        }
      });
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** @returns whether there were any */
  #settleThose(isOver: (wait: Wait) => boolean): boolean {
    const over = this.#waits.filter(isOver);
    if (over.length === 0) return false;
    this.#waits = this.#waits.filter((wait) => !over.includes(wait));
    for (const wait of over) wait.settle(wait.condition() ? undefined : wait.late());
    return true;
  }
}
