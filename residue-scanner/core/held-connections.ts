import type { RawAct } from "./call-pairing.ts";

/** More are not kept at once; what is beyond counts as open to the end. */
const heldMax = 20_000;
/** Shorter ones ask when they begin. */
const heldMinNs = 200e6;

/** TCP connections that the run's threads began, and for how long they could ask through them. */
export class HeldConnections {
  /** By the kernel's socket. */
  readonly #open = new Map<bigint, Omit<RawAct, "returned">>();

  get size(): number {
    return this.#open.size;
  }

  /** @returns the one that had this socket before: its end was not told */
  began(socket: bigint, act: Omit<RawAct, "returned">): RawAct[] {
    const before = this.ended(socket, act.atNs);
    this.#open.set(socket, act);
    if (this.#open.size <= heldMax) return before;
    const [oldest] = this.#open.keys();
    return oldest === undefined ? before : [...before, ...this.ended(oldest, Number.POSITIVE_INFINITY)];
  }

  /** @returns nothing for a short one */
  ended(socket: bigint, atNs: number): RawAct[] {
    const act = this.#open.get(socket);
    this.#open.delete(socket);
    if (act === undefined || atNs - act.atNs < heldMinNs) return [];
    return [{ ...act, parameters: { ...act.parameters, untilNs: String(atNs) }, returned: null }];
  }

  /** It never was one. */
  forget(socket: bigint): void {
    this.#open.delete(socket);
  }

  /** Nobody tells any more when those that are open end. */
  finish(): RawAct[] {
    return [...this.#open.keys()].flatMap((socket) => this.ended(socket, Number.POSITIVE_INFINITY));
  }
}
