import { brokerLimits } from "../core/broker-limits.ts";

/**
 * The nonces of the signatures that were taken, each for as long as its signature could be taken again: `created` may
 * be a window ahead of the broker's clock and stays good for a window after that.
 */
export class NonceStore {
  readonly #heldForMs: number;
  readonly #max: number;
  /** When each may be forgotten; in the order of arrival, which is the order of forgetting. */
  readonly #forgetAt = new Map<string, number>();

  constructor({ signatureWindowMs, max = brokerLimits.noncesMax }: { signatureWindowMs: number; max?: number }) {
    // `created` counts whole seconds, so a signature may be up to a second older than it says.
    this.#heldForMs = 2 * signatureWindowMs + 1_000;
    this.#max = max;
  }

  /** Notes a nonce. `full` means that none can be noted safely: refuse the request, never forget a live nonce. */
  take(agentId: string, nonce: string, nowMs: number): "new" | "seen" | "full" {
    for (const [key, forgetAt] of this.#forgetAt) {
      if (forgetAt > nowMs) break;
      this.#forgetAt.delete(key);
    }
    const key = `${agentId} ${nonce}`;
    if (this.#forgetAt.has(key)) return "seen";
    if (this.#forgetAt.size >= this.#max) return "full";
    this.#forgetAt.set(key, nowMs + this.#heldForMs);
    return "new";
  }
}
