import type { Drain } from "./drain.ts";

/** Whether the broker takes part in the fleet's work just now, and if not, why. */
export class Readiness {
  readonly #drain: Drain;
  #stopping = false;
  #failed = false;

  constructor(drain: Drain) {
    this.#drain = drain;
  }

  stopping(): void {
    this.#stopping = true;
  }

  failed(): void {
    this.#failed = true;
  }

  get reasons(): string[] {
    return [
      ...(this.#failed ? ["the store failed: nothing is acknowledged any more"] : []),
      ...(this.#drain.reason === null ? [] : [`the broker is drained: ${this.#drain.reason}`]),
      ...(this.#stopping ? ["the broker is stopping"] : []),
    ];
  }
}
