import type { KeyObject } from "node:crypto";

import type { FastifyRequest } from "fastify";

import type { Timing } from "../../protocol/timing.ts";
import { brokerLimits } from "../core/broker-limits.ts";
import type { BrokerState } from "../core/broker-state.ts";
import { admit } from "../core/callers.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { NonceStore } from "./nonces.ts";
import { ProblemError } from "./problems.ts";
import {
  type SignatureClaim,
  assertFresh,
  assertSigned,
  publicKeyObject,
  readSignatureClaim,
} from "./request-signature.ts";

/** Proves who signed a request, once per signature. */
export class Authentication {
  readonly #state: BrokerState;
  readonly #timing: Timing;
  readonly #clock: BrokerClock;
  readonly #settled: () => Promise<void>;
  readonly #nonces: NonceStore;
  readonly #keys = new Map<string, KeyObject>();
  readonly #notBeforeS: number;

  /**
   * @param state agents known at the start may have signed requests that an earlier process took: its nonces are gone,
   *   so what was signed before this start is refused
   * @param settled resolves when everything decided so far is in the store
   */
  constructor({ state, clock, settled }: { state: BrokerState; clock: BrokerClock; settled: () => Promise<void> }) {
    this.#settled = settled;
    this.#state = state;
    this.#timing = state.timing;
    this.#clock = clock;
    this.#nonces = new NonceStore({ signatureWindowMs: state.timing.signatureWindowMs });
    this.#notBeforeS = state.agents.size === 0 ? 0 : Math.floor(clock.nowMs() / 1_000);
  }

  /** Reads the signature's headers and judges its time; who signed is not proved yet. */
  claim(request: FastifyRequest): SignatureClaim {
    const { method, url, headers } = request;
    const claim = readSignatureClaim({ method, url, headers });
    const window = {
      nowMs: this.#clock.nowMs(),
      windowMs: this.#timing.signatureWindowMs,
      notBeforeS: this.#notBeforeS,
    };
    assertFresh(claim, window);
    return claim;
  }

  /** Proves a claim of an agent that is known, and that it may act. */
  async verifyKnown(claim: SignatureClaim): Promise<void> {
    const agent = this.#state.agents.get(claim.agentId);
    if (agent === undefined) {
      throw new ProblemError("unknown-agent", "This broker does not know the agent; enrol first.");
    }
    this.verify(claim, this.#keyOf(agent.publicKey));
    const admitted = admit(this.#state, claim);
    if (admitted.ok) return;
    // A crash could take back what is not written yet, and whoever is refused for good acts on it (I7).
    await this.#settled();
    throw new ProblemError(admitted.code, admitted.message);
  }

  /** Proves a claim by a key, and notes its nonce. */
  verify(claim: SignatureClaim, key: KeyObject): void {
    assertSigned(claim, key);
    const seen = this.#nonces.take(claim.agentId, claim.nonce, this.#clock.nowMs());
    if (seen === "seen") throw new ProblemError("replayed", "This signature was used before; sign each request anew.");
    if (seen === "full") throw new ProblemError("full", "The broker takes no more requests for the moment.");
  }

  #keyOf(publicKey: string): KeyObject {
    const known = this.#keys.get(publicKey);
    if (known !== undefined) return known;
    // Cheap to make again, so an overfull cache is simply emptied.
    if (this.#keys.size >= brokerLimits.agentsMax) this.#keys.clear();
    const key = publicKeyObject(publicKey);
    this.#keys.set(publicKey, key);
    return key;
  }
}
