import type { ChoiceStream } from "../kernel/choices.ts";

/** `twice`: each event comes once more, some time later. `swapped`: of two events the second comes first. */
export type DisorderKind = "twice" | "swapped";

/** How much later the second time may be, in milliseconds. */
const againMsMax = 2_000;

/** Hands one event to the line. @param laterMs null in its turn, or so much after it, whatever is sent meanwhile */
type Deliver = (laterMs: number | null) => boolean;

/**
 * What a broker that was told to misbehave does with an agent's events before the line has them, which keeps the order of
 * whatever it is given (broker-sim/io/faults/faulty-stream.ts).
 */
export class EventDisorder {
  readonly #stream: ChoiceStream;
  readonly #inForce: Record<DisorderKind, number> = { twice: 0, swapped: 0 };
  #held: Deliver | null = null;
  /** How many events came twice, or changed places with the one before. */
  hits = 0;

  constructor(stream: ChoiceStream) {
    this.#stream = stream;
  }

  get isInForce(): boolean {
    return this.#inForce.twice + this.#inForce.swapped > 0;
  }

  /** @returns ends it; an event that waits for the one after it is sent then */
  begin(kind: DisorderKind): () => void {
    this.#inForce[kind] += 1;
    return () => {
      this.#inForce[kind] -= 1;
      if (this.#inForce.swapped === 0) this.#release();
    };
  }

  /** @returns whether it was sent, or is going to be */
  pass(deliver: Deliver): boolean {
    if (this.#inForce.swapped > 0 && this.#held === null) {
      this.#held = deliver;
      return true;
    }
    const sent = deliver(null);
    if (this.#inForce.twice > 0) {
      this.hits += 1;
      deliver(1 + this.#stream.upTo("again", againMsMax));
    }
    if (this.#held === null) return sent;
    this.hits += 1;
    this.#release();
    return sent;
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    held?.(null);
  }
}
