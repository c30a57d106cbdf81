import type { KeyObject } from "node:crypto";

import type { FastifyRequest } from "fastify";

import type { Timing } from "../../../protocol/timing.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import type { BrokerState } from "../../core/broker-state.ts";
import { admit } from "../../core/callers.ts";
import type { BrokerClock } from "../broker-clock.ts";
import type { ClocksAhead } from "./clocks-ahead.ts";
import { NonceStore } from "./nonces.ts";
import { ProblemError } from "../problems.ts";
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
  readonly #shownClock: BrokerClock;
  readonly #clocksAhead: ClocksAhead;
  readonly #settled: () => Promise<void>;
  readonly #nonces: NonceStore;
  readonly #keys = new Map<string, KeyObject>();
  /** The second of this start; null where nobody can have signed anything for an earlier one. */
  readonly #startedS: number | null;

  /**
   * @param state agents known at the start may have signed requests that an earlier process took: its nonces are gone,
   *   so what was signed before this start, or in its very second, is refused
   * @param shownClock by which signatures are judged; by default the true one
   * @param settled resolves when everything decided so far is in the store
   */
  constructor({
    state,
    clock,
    shownClock = clock,
    clocksAhead,
    settled,
  }: {
    state: BrokerState;
    clock: BrokerClock;
    shownClock?: BrokerClock;
    clocksAhead: ClocksAhead;
    settled: () => Promise<void>;
  }) {
    this.#settled = settled;
    this.#state = state;
    this.#timing = state.timing;
    this.#clock = clock;
    this.#shownClock = shownClock;
    this.#clocksAhead = clocksAhead;
    this.#nonces = new NonceStore({ signatureWindowMs: state.timing.signatureWindowMs });
    this.#startedS = state.agents.size === 0 ? null : Math.floor(clock.nowMs() / 1_000);
  }

  /** The time by which signatures are judged, as the field Date has it. */
  shownDate(): string {
    return new Date(this.#shownClock.nowMs()).toUTCString();
  }

  /** Reads the signature's headers and judges its time; who signed is not proved yet. */
  claim(request: FastifyRequest): SignatureClaim {
    const { method, url, headers } = request;
    const claim = readSignatureClaim({ method, url, headers });
    const startedS = this.#startedS;
    assertFresh(claim, {
      nowMs: this.#shownClock.nowMs(),
      windowMs: this.#timing.signatureWindowMs,
      staleUntilS: startedS === null ? null : startedS + this.#clocksAhead.foundS(claim.agentId),
    });
    return claim;
  }

  /** Proves a claim of an agent that is known, and that it may act. */
  async verifyKnown(claim: SignatureClaim): Promise<void> {
    const agent = this.#state.agents.get(claim.agentId);
    if (agent === undefined) {
      throw new ProblemError("unknown-agent", "This broker does not know the agent; enrol first.");
    }
    await this.verify(claim, this.#keyOf(agent.publicKey));
    // Judged as the agent stands now: it may have been revoked while its signature was verified.
    const admitted = admit(this.#state, claim);
    if (admitted.ok) return await this.remember(claim);
    // A crash could take back what is not written yet, and whoever is refused for good acts on it (I7).
    await this.#settled();
    throw new ProblemError(admitted.code, admitted.message);
  }

  /**
   * Sees to it that the next start does not take a proved claim again. Whoever brings a new key is not remembered before
   * it is let in: anybody can make keys.
   *
   * @throws ProblemError `store-away`
   */
  async remember({ agentId, createdS }: SignatureClaim): Promise<void> {
    await this.#clocksAhead.note(agentId, createdS);
  }

  /** Proves a claim by a key, and notes its nonce. */
  async verify(claim: SignatureClaim, key: KeyObject): Promise<void> {
    await assertSigned(claim, key);
    // From here to the note nothing else happens, so that of two that came at once one is taken.
    const seen = this.#nonces.take(claim, {
      // A clock that is wrong for a while is right again after that.
      nowMs: Math.min(this.#clock.nowMs(), this.#shownClock.nowMs()),
      monotonicMs: this.#clock.monotonicMs(),
    });
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
