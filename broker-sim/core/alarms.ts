import { BinaryHeap } from "./binary-heap.ts";

/** What an alarm is about: a job's grant, an agent's silence, or an upload that nothing refers to yet. */
export type AlarmSubject = `job:${string}` | `agent:${string}` | `blob:${string}`;

/**
 * When to look at what again. A subject has at most one alarm that counts. A deadline that moved later (a renewal) is
 * not moved here: whoever looks finds it not due yet and sets the alarm anew, so that renewals cost nothing.
 */
export class Alarms {
  readonly #heap = new BinaryHeap<AlarmSubject>();
  readonly #scheduled = new Map<AlarmSubject, number>();

  /** Makes sure that the subject is looked at no later than `atMs`. */
  ensure(subject: AlarmSubject, atMs: number): void {
    const scheduled = this.#scheduled.get(subject);
    if (scheduled !== undefined && scheduled <= atMs) return;
    this.#scheduled.set(subject, atMs);
    this.#heap.push(atMs, subject);
  }

  /** The earliest alarm, or null when there is none. */
  nextAtMs(): number | null {
    for (;;) {
      const next = this.#heap.peek();
      if (next === undefined) return null;
      if (this.#scheduled.get(next.value) === next.key) return next.key;
      this.#heap.pop();
    }
  }

  /** Takes the next subject that is due, if one is. */
  takeDue(nowMs: number): AlarmSubject | undefined {
    const atMs = this.nextAtMs();
    if (atMs === null || atMs > nowMs) return undefined;
    const subject = this.#heap.pop()?.value;
    if (subject !== undefined) this.#scheduled.delete(subject);
    return subject;
  }
}
