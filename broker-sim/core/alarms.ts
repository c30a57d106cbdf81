import { BinaryHeap } from "./binary-heap.ts";

/** A job's grant, an agent's silence, or an upload that nothing refers to yet. */
export type AlarmKind = "job" | "agent" | "blob";

/** What is looked at again, and when. */
export interface Alarm {
  readonly kind: AlarmKind;
  readonly id: string;
  /** Infinity while it is not set. */
  atMs: number;
  /** Which entry of the heap counts: every other one about the same was superseded by an earlier time. */
  turn: number;
}

/** An alarm that is not set. */
export function alarmOf(kind: AlarmKind, id: string): Alarm {
  return { kind, id, atMs: Infinity, turn: -1 };
}

/**
 * When to look at what again. A subject has at most one alarm that counts. A deadline that moved later (a renewal) is
 * not moved here: whoever looks finds it not due yet and sets the alarm anew, so that renewals cost nothing. Agents carry
 * their alarms themselves; those of jobs and blobs are kept here while they are set.
 */
export class Alarms {
  readonly #heap = new BinaryHeap<Alarm>();
  readonly #kept: Readonly<Record<"job" | "blob", Map<string, Alarm>>> = { job: new Map(), blob: new Map() };

  /** Makes sure that a job or blob is looked at no later than `atMs`. */
  ensure(kind: "job" | "blob", id: string, atMs: number): void {
    let alarm = this.#kept[kind].get(id);
    if (alarm === undefined) {
      alarm = alarmOf(kind, id);
      this.#kept[kind].set(id, alarm);
    }
    this.bringForward(alarm, atMs);
  }

  /** Makes sure that it comes no later than `atMs`. */
  bringForward(alarm: Alarm, atMs: number): void {
    if (alarm.atMs <= atMs) return;
    alarm.atMs = atMs;
    alarm.turn = this.#heap.push(atMs, alarm);
  }

  /** The earliest alarm, or null when there is none. */
  nextAtMs(): number | null {
    for (;;) {
      const { first, firstKey, firstTurn } = this.#heap;
      if (first === undefined || firstKey === undefined) return null;
      if (first.turn === firstTurn) return firstKey;
      this.#heap.pop();
    }
  }

  /** Takes the next alarm that is due, if one is. */
  takeDue(nowMs: number): Alarm | undefined {
    const atMs = this.nextAtMs();
    if (atMs === null || atMs > nowMs) return undefined;
    const alarm = this.#heap.pop();
    if (alarm === undefined) return undefined;
    alarm.atMs = Infinity;
    if (alarm.kind !== "agent") this.#kept[alarm.kind].delete(alarm.id);
    return alarm;
  }
}
