/** Whoever waits for a datagram is woken at once by what tells of its arrival. */
const wakeNsMax = 10_000;
/** A datagram over the loopback device arrives while it is being sent, and that takes a few microseconds. */
const sendNsMax = 1e6;

interface Woken {
  readonly thread: number;
  readonly atNs: number;
}

/**
 * Who sent a datagram (udp(7)) that woke a thread of a service. It arrives in an interrupt by software that runs inside of the
 * sending; so does one of another host's, inside of whatever runs just then. So it counts only when the same thread's
 * sending is told right after.
 */
export class DatagramRequests {
  /** By thread that ran, when one had arrived. */
  readonly #arrived = new Map<number, number>();
  readonly #woken = new Map<number, Woken>();

  get size(): number {
    return this.#arrived.size + this.#woken.size;
  }

  arrived(running: number, atNs: number): void {
    this.#arrived.set(running, atNs);
  }

  /** @param thread a thread of a service's */
  woke(running: number, thread: number, atNs: number): void {
    const arrivedNs = this.#arrived.get(running);
    if (arrivedNs === undefined || atNs - arrivedNs > wakeNsMax || thread === running) return;
    this.#arrived.delete(running);
    this.#woken.set(running, { thread, atNs });
  }

  /** @returns the thread that was woken by what this one has just sent; null where nobody was */
  sent(running: number, atNs: number): Woken | null {
    this.#arrived.delete(running);
    const woken = this.#woken.get(running);
    this.#woken.delete(running);
    return woken === undefined || atNs - woken.atNs > sendNsMax ? null : woken;
  }

  forget(beforeNs: number): void {
    for (const [running, atNs] of this.#arrived) if (atNs < beforeNs) this.#arrived.delete(running);
    for (const [running, { atNs }] of this.#woken) if (atNs < beforeNs) this.#woken.delete(running);
  }
}
