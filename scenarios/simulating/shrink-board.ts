import type { ShrinkProgress } from "../simulator/shrink/shrink-search.ts";

const place = { stopped: 0, runs: 1, steps: 2, choices: 3 } as const;
const unknownChoices = -1;

/**
 * Where a thread that shrinks, which reads no messages while it does, says how far it is and looks whether it is to
 * stop.
 */
export class ShrinkBoard {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Object.keys(place).length)) {
    this.shared = shared;
    this.#words = new Int32Array(shared);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, place.stopped) === 1;
  }

  stop(): void {
    Atomics.store(this.#words, place.stopped, 1);
  }

  tell({ runs, steps, choices }: ShrinkProgress): void {
    Atomics.store(this.#words, place.steps, steps);
    Atomics.store(this.#words, place.choices, choices ?? unknownChoices);
    Atomics.store(this.#words, place.runs, runs);
  }

  read(): ShrinkProgress {
    const choices = Atomics.load(this.#words, place.choices);
    return {
      runs: Atomics.load(this.#words, place.runs),
      steps: Atomics.load(this.#words, place.steps),
      choices: choices === unknownChoices ? null : choices,
    };
  }
}
