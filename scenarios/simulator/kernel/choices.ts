import { assert } from "../../../foundation/assert.ts";

/**
 * One random decision of a run. `value` lies between 0 and `max`; 0 is always the benign one (no delay, no loss), so
 * that a tape with fewer choices is a calmer run, and an empty one is a run in which nothing odd happens.
 */
export interface Choice {
  /** Which subsystem drew it, and for whom: `network:3`, `host:7`. */
  readonly stream: string;
  /** The how manieth of its stream, from 0. */
  readonly index: number;
  readonly kind: string;
  readonly max: number;
  readonly value: number;
}

/** Where a run's decisions come from. */
export interface Tape {
  /** A stream of decisions of its own: however much is drawn from it, the others' stay as they are. */
  stream(key: string): ChoiceStream;
}

export interface ChoiceStream {
  /** A whole number from 0 (benign) to `max`. */
  upTo(kind: string, max: number): number;
  /** True with probability `ratio`; false is benign. */
  chance(kind: string, ratio: number): boolean;
}

/** Draws everything from the seed. Records nothing, and is what thousands of seeds are run with. */
export function seededTape(seed: string): Tape {
  return { stream: (key) => new SeededStream(`${seed}/${key}`) };
}

/** Draws as `seededTape` does, and hands every decision that is not benign to `keep`. */
export function recordingTape(seed: string, keep: (choice: Choice) => void): Tape {
  return { stream: (key) => new RecordingStream(key, new SeededStream(`${seed}/${key}`), keep) };
}

/** Decides as the choices say, and benignly wherever they say nothing. */
export function replayTape(choices: readonly Choice[]): Tape {
  const streams = new Map<string, Map<number, number>>();
  for (const { stream, index, value } of choices) {
    const values = streams.get(stream) ?? new Map<number, number>();
    streams.set(stream, values.set(index, value));
  }
  return { stream: (key) => new ReplayStream(streams.get(key) ?? null) };
}

class SeededStream implements ChoiceStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    let state = fnv1a(seed);
    const mix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    for (let warmUp = 0; warmUp < 12; warmUp += 1) this.#next();
  }

  upTo(_kind: string, max: number): number {
    return Math.floor((this.#next() / 2 ** 32) * (max + 1));
  }

  chance(_kind: string, ratio: number): boolean {
    return this.#next() / 2 ** 32 >= 1 - ratio;
  }

  /** sfc32, as in foundation/random.ts, without a closure per stream: there are as many streams as hosts. */
  #next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}

class RecordingStream implements ChoiceStream {
  readonly #key: string;
  readonly #source: ChoiceStream;
  readonly #keep: (choice: Choice) => void;
  #index = 0;

  constructor(key: string, source: ChoiceStream, keep: (choice: Choice) => void) {
    this.#key = key;
    this.#source = source;
    this.#keep = keep;
  }

  upTo(kind: string, max: number): number {
    const value = this.#source.upTo(kind, max);
    this.#note(kind, max, value);
    return value;
  }

  chance(kind: string, ratio: number): boolean {
    const happens = this.#source.chance(kind, ratio);
    this.#note(kind, 1, happens ? 1 : 0);
    return happens;
  }

  #note(kind: string, max: number, value: number): void {
    if (value !== 0) this.#keep({ stream: this.#key, index: this.#index, kind, max, value });
    this.#index += 1;
  }
}

class ReplayStream implements ChoiceStream {
  readonly #values: ReadonlyMap<number, number> | null;
  #index = 0;

  constructor(values: ReadonlyMap<number, number> | null) {
    this.#values = values;
  }

  upTo(_kind: string, max: number): number {
    const value = this.#values?.get(this.#index) ?? 0;
    this.#index += 1;
    assert(value >= 0, "a choice is not negative");
    // The run around it may have changed; a value that is out of bounds by now is the nearest one within.
    return Math.min(value, max);
  }

  chance(kind: string, _ratio: number): boolean {
    return this.upTo(kind, 1) === 1;
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
