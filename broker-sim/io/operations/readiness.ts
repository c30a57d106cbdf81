import type { Drain } from "./drain.ts";

/** Whether the broker takes part in the fleet's work just now, and if not, why. */
export class Readiness {
  readonly #drain: Drain;
  readonly #outage: () => string | null;
  #stopping = false;
  #failed = false;

  /** @param outage why the store cannot be written to at this moment; null while it can */
  constructor(drain: Drain, outage: () => string | null) {
    this.#drain = drain;
    this.#outage = outage;
  }

  stopping(): void {
    this.#stopping = true;
  }

  failed(): void {
    this.#failed = true;
  }

  get reasons(): string[] {
    const outage = this.#outage();
    return [
      ...(this.#failed ? ["the store failed: nothing is acknowledged any more"] : []),
      ...(outage === null ? [] : [outage]),
      ...(this.#drain.reason === null ? [] : [`the broker is drained: ${this.#drain.reason}`]),
      ...(this.#stopping ? ["the broker is stopping"] : []),
    ];
  }
}
