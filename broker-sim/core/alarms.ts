import { BinaryHeap } from "./binary-heap.ts";

/** A job's grant, an agent's silence, or an upload that nothing refers to yet. */
export type AlarmKind = "job" | "agent" | "blob";

/** What is looked at again, and when. */
export interface Alarm {
  readonly kind: AlarmKind;
  readonly id: string;
  readonly atMs: number;
  /** An earlier one about the same took its place. */
  superseded: boolean;
}

/**
 * When to look at what again. A subject has at most one alarm that counts. A deadline that moved later (a renewal) is
 * not moved here: whoever looks finds it not due yet and sets the alarm anew, so that renewals cost nothing.
 */
export class Alarms {
  readonly #heap = new BinaryHeap<Alarm>();
  readonly #scheduled: Readonly<Record<AlarmKind, Map<string, Alarm>>> = {
    job: new Map(),
    agent: new Map(),
    blob: new Map(),
  };

  /** Makes sure that the subject is looked at no later than `atMs`. */
  ensure(kind: AlarmKind, id: string, atMs: number): void {
    const scheduled = this.#scheduled[kind];
    const before = scheduled.get(id);
    if (before !== undefined) {
      if (before.atMs <= atMs) return;
      before.superseded = true;
    }
    const alarm = { kind, id, atMs, superseded: false };
    scheduled.set(id, alarm);
    this.#heap.push(atMs, alarm);
  }

  /** When that subject is looked at, or undefined when it is not. */
  scheduledAtMs(kind: AlarmKind, id: string): number | undefined {
    return this.#scheduled[kind].get(id)?.atMs;
  }

  /** The earliest alarm, or null when there is none. */
  nextAtMs(): number | null {
    for (;;) {
      const next = this.#heap.peek();
      if (next === undefined) return null;
      if (!next.value.superseded) return next.key;
      this.#heap.pop();
    }
  }

  /** Takes the next alarm that is due, if one is. */
  takeDue(nowMs: number): Alarm | undefined {
    const atMs = this.nextAtMs();
    if (atMs === null || atMs > nowMs) return undefined;
    const alarm = this.#heap.pop()?.value;
    if (alarm !== undefined) this.#scheduled[alarm.kind].delete(alarm.id);
    return alarm;
  }
}
