import { limits } from "../../../foundation/limits.ts";
import type { ExecutionEvent, ExecutionView } from "../../../protocol/executions.ts";
import type { EventStream } from "../event-hub.ts";

/**
 * Publishes what becomes of the agents that the broker starts (OR-3). An event's id is `BOOT-NUMBER`. Whoever comes late,
 * or missed more than is kept, gets the whole as it is first, and goes on from there (docs/cases.md, case 70).
 */
export class ExecutionEvents {
  readonly #boot: string;
  readonly #subscribers = new Set<EventStream>();
  /** The latest events, oldest first. */
  readonly #kept: { readonly number: number; readonly event: ExecutionEvent }[] = [];
  #lastNumber = 0;

  constructor(boot: string) {
    this.#boot = boot;
  }

  publish(event: ExecutionEvent): void {
    this.#lastNumber += 1;
    const one = { number: this.#lastNumber, event };
    this.#kept.push(one);
    if (this.#kept.length > limits.eventReplayMax) this.#kept.shift();
    for (const stream of this.#subscribers) this.#send(stream, one);
  }

  /** @param snapshot everything as it is now; the events that are kept led to it */
  subscribe(
    stream: EventStream,
    { lastEventId, snapshot }: { lastEventId: string | null; snapshot: () => readonly ExecutionView[] },
  ): void {
    this.#subscribers.add(stream);
    const seen = this.#seenThrough(lastEventId);
    if (seen === null) {
      stream.send({ id: this.#idOf(this.#lastNumber), event: "snapshot", data: { executions: snapshot() } });
      return;
    }
    for (const one of this.#kept) if (one.number > seen) this.#send(stream, one);
  }

  unsubscribe(stream: EventStream): void {
    this.#subscribers.delete(stream);
  }

  closeAll(): void {
    for (const stream of this.#subscribers) stream.close();
    this.#subscribers.clear();
  }

  #send(stream: EventStream, { number, event }: { number: number; event: ExecutionEvent }): void {
    if (!stream.send({ id: this.#idOf(number), event: event.event, data: event.data })) this.unsubscribe(stream);
  }

  /** Null when there is a gap, or nobody can tell. */
  #seenThrough(lastEventId: string | null): number | null {
    const [, boot, digits] = /^([0-9a-z]+)-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
    if (boot !== this.#boot) return null;
    const number = Number(digits);
    const oldest = this.#kept[0]?.number ?? this.#lastNumber + 1;
    return number >= oldest - 1 && number <= this.#lastNumber ? number : null;
  }

  #idOf(number: number): string {
    return `${this.#boot}-${number}`;
  }
}
