import { brokerLimits } from "../../core/broker-limits.ts";

/** A signature that was proved. */
export interface TakenSignature {
  readonly agentId: string;
  readonly nonce: string;
  readonly createdS: number;
}

/**
 * The nonces of the signatures that were taken, each for as long as its signature could be taken again: `created` may
 * be a window ahead of the broker's clock and stays good for a window after that. How long that is the monotonic clock
 * says; and whatever the other clock would still let in, or will once it has got there again, is held for longer.
 */
export class NonceStore {
  readonly #windowMs: number;
  readonly #heldForMs: number;
  readonly #max: number;
  /** Until when each is held at least, by the monotonic clock; in that order. */
  readonly #held = new Map<string, { readonly untilMs: number; readonly createdS: number }>();

  constructor({ signatureWindowMs, max = brokerLimits.noncesMax }: { signatureWindowMs: number; max?: number }) {
    this.#windowMs = signatureWindowMs;
    // `created` counts whole seconds, so a signature may be up to a second older than it says.
    this.#heldForMs = 2 * signatureWindowMs + 1_000;
    this.#max = max;
  }

  /**
   * Notes a nonce. `full` means that none can be noted safely: refuse the request, never forget a live nonce.
   *
   * @param clocks `nowMs`: the earliest that any clock shows by which signatures are judged, now or soon
   */
  take(
    { agentId, nonce, createdS }: TakenSignature,
    { nowMs, monotonicMs }: { readonly nowMs: number; readonly monotonicMs: number },
  ): "new" | "seen" | "full" {
    const untilMs = monotonicMs + this.#heldForMs;
    for (const [key, held] of this.#held) {
      if (held.untilMs > monotonicMs) break;
      this.#held.delete(key);
      if (held.createdS * 1_000 + this.#windowMs >= nowMs) this.#held.set(key, { ...held, untilMs });
    }
    const key = `${agentId} ${nonce}`;
    if (this.#held.has(key)) return "seen";
    if (this.#held.size >= this.#max) return "full";
    this.#held.set(key, { untilMs, createdS });
    return "new";
  }
}
