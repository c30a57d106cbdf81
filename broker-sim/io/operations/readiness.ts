import type { BrokerState } from "../../core/broker-state.ts";

/** Whether the broker takes part in the fleet's work just now, and if not, why. */
export class Readiness {
  readonly #state: Pick<BrokerState, "drained">;
  readonly #outage: () => string | null;
  #stopping = false;
  #failed = false;

  /** @param outage why the store cannot be written to at this moment; null while it can */
  constructor(state: Pick<BrokerState, "drained">, outage: () => string | null) {
    this.#state = state;
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
      ...(this.#state.drained === null ? [] : [`drained: ${this.#state.drained}`]),
      ...(this.#stopping ? ["the broker is stopping"] : []),
    ];
  }
}
