/** Whoever waits for a datagram is woken at once by what tells of its arrival. */
const wakeNsMax = 10_000;
/**
 * A datagram over the loopback device arrives while it is being sent, and that takes a few microseconds. Where the kernel
 * may be interrupted for another thread, whoever was woken goes first on the sender's processor, and does its work before
 * the sending is told: so this is much longer.
 */
const sendNsMax = 1e6;
/** What is sent to a group (multicast) wakes all who wait there; more than so many are not remembered of one sending. */
const wokenMax = 64;

interface Woken {
  readonly thread: number;
  readonly atNs: number;
}

/**
 * Who sent a datagram (udp(7)) that woke threads of services. It arrives in an interrupt by software that runs inside of the
 * sending; so does one of another host's, inside of whatever runs just then. So it counts only when the same thread's
 * sending is told right after.
 */
export class DatagramRequests {
  /** By thread that ran, when one had arrived. */
  readonly #arrived = new Map<number, number>();
  readonly #woken = new Map<number, Map<number, Woken>>();

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
    let woken = this.#woken.get(running);
    if (woken === undefined) this.#woken.set(running, (woken = new Map()));
    // Where threads rest, datagrams of other hosts arrive without end.
    for (const [each, since] of woken) if (atNs - since.atNs > sendNsMax) woken.delete(each);
    if (woken.size < wokenMax) woken.set(thread, { thread, atNs });
  }

  /** @returns the threads that were woken by what this one has just sent */
  sent(running: number, atNs: number): readonly Woken[] {
    this.#arrived.delete(running);
    const woken = this.#woken.get(running);
    if (woken === undefined) return [];
    this.#woken.delete(running);
    return [...woken.values()].filter((each) => atNs - each.atNs <= sendNsMax);
  }

  forget(beforeNs: number): void {
    for (const [running, atNs] of this.#arrived) if (atNs < beforeNs) this.#arrived.delete(running);
    for (const [running, woken] of this.#woken)
      if (woken.values().every(({ atNs }) => atNs < beforeNs)) this.#woken.delete(running);
  }
}
