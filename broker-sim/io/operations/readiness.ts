/** Whether the broker takes part in the fleet's work just now, and if not, why. */
export class Readiness {
  #stopping = false;
  #failed = false;

  stopping(): void {
    this.#stopping = true;
  }

  failed(): void {
    this.#failed = true;
  }

  get reasons(): string[] {
    return [
      ...(this.#failed ? ["the store failed: nothing is acknowledged any more"] : []),
      ...(this.#stopping ? ["the broker is stopping"] : []),
    ];
  }
}
