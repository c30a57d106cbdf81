import { present } from "../../foundation/assert.ts";
import { BinaryHeap } from "./binary-heap.ts";

/** A job's grant, an agent's silence, a blob that nothing refers to yet, or an upload that is not whole. */
export type AlarmKind = "job" | "agent" | "blob" | "upload";

/** Those that are kept by their ids. */
export type KeptKind = Exclude<AlarmKind, "agent">;

/** What is looked at again, and when. */
export interface Alarm<Kind extends AlarmKind> {
  readonly kind: Kind;
  /** Infinity while it is not set. Only the heap's entry at this time counts; every other one was superseded. */
  alarmAtMs: number;
}

/** The alarm of a job, a blob or an upload, by its id. */
interface KeptAlarm extends Alarm<KeptKind> {
  readonly id: string;
}

/**
 * When to look at what again. A subject has at most one alarm that counts. A deadline that moved later (a renewal) is
 * not moved here: whoever looks finds it not due yet and sets the alarm anew, so that renewals cost nothing. Agents are
 * alarms themselves; all others are kept here while they are set.
 */
export class Alarms<Agent extends Alarm<"agent"> = Alarm<"agent">> {
  readonly #heap = new BinaryHeap<Agent | KeptAlarm>();
  readonly #kept: Readonly<Record<KeptKind, Map<string, KeptAlarm>>> = {
    job: new Map(),
    blob: new Map(),
    upload: new Map(),
  };

  /** Makes sure that a job, blob or upload is looked at no later than `atMs`. */
  ensure(kind: KeptKind, id: string, atMs: number): void {
    let alarm = this.#kept[kind].get(id);
    if (alarm === undefined) {
      alarm = { kind, id, alarmAtMs: Infinity };
      this.#kept[kind].set(id, alarm);
    }
    this.#bringForward(alarm, atMs);
  }

  /** Makes sure that an agent is looked at no later than `atMs`. */
  ensureAgent(agent: Agent, atMs: number): void {
    this.#bringForward(agent, atMs);
  }

  /** When that job, blob or upload is looked at, or undefined when it is not. */
  scheduledAtMs(kind: KeptKind, id: string): number | undefined {
    return this.#kept[kind].get(id)?.alarmAtMs;
  }

  /** The earliest alarm, or null when there is none. */
  nextAtMs(): number | null {
    for (;;) {
      const { first, firstKey } = this.#heap;
      if (firstKey === undefined) return null;
      if (first?.alarmAtMs === firstKey) return firstKey;
      this.#heap.pop();
    }
  }

  /** Takes the next alarm that is due, if one is. */
  takeDue(nowMs: number): Agent | KeptAlarm | undefined {
    const atMs = this.nextAtMs();
    if (atMs === null || atMs > nowMs) return undefined;
    const alarm = present(this.#heap.pop(), "what is due is there");
    alarm.alarmAtMs = Infinity;
    if (alarm.kind !== "agent") this.#kept[alarm.kind].delete(alarm.id);
    return alarm;
  }

  assertOrdered(): void {
    this.#heap.assertOrdered();
  }

  #bringForward(alarm: Agent | KeptAlarm, atMs: number): void {
    if (alarm.alarmAtMs <= atMs) return;
    alarm.alarmAtMs = atMs;
    this.#heap.push(atMs, alarm);
  }
}
