import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { EventHeap, type EventTarget, momentOf } from "./event-heap.ts";

interface Happened {
  readonly atMs: number;
  readonly what: number;
  readonly detail: unknown;
}

/** What a heap ought to do: a list that is sorted by time, and by the order of the pushes within one moment. */
class SortedList {
  readonly #waiting: (Happened & { readonly order: number })[] = [];
  #pushed = 0;

  push(atMs: number, what: number, detail: unknown): void {
    this.#waiting.push({ atMs: momentOf(atMs), what, detail, order: this.#pushed });
    this.#pushed += 1;
    this.#waiting.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  get nextAtMs(): number {
    return this.#waiting[0]?.atMs ?? Infinity;
  }

  pop(): Happened | undefined {
    const next = this.#waiting.shift();
    return next === undefined ? undefined : { atMs: next.atMs, what: next.what, detail: next.detail };
  }
}

/** A push at that time, or taking the next event (null). Times are few, so that many share a moment. */
const step = fc.option(
  fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 3_000 }).map((hundredths) => hundredths / 100),
    fc.integer({ min: 0, max: 50 }).map((ms) => 1_767_225_600_000 + ms / 7),
  ),
  { freq: 3 },
);

function collector(): { target: EventTarget; happened: Happened[] } {
  const happened: Happened[] = [];
  return { happened, target: { happen: (what, detail, atMs) => void happened.push({ atMs, what, detail }) } };
}

describe("the heap of events", () => {
  test("lets them happen as a sorted list does, however pushes and takes come", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const heap = new EventHeap();
        const list = new SortedList();
        const { target, happened } = collector();
        const expected: Happened[] = [];
        const takeOne = (): void => {
          expected.push(list.pop() as Happened);
          heap.happenNext();
        };
        for (const [number, atMs] of steps.entries()) {
          if (atMs !== null) {
            heap.push(atMs, target, number, `detail ${number}`);
            list.push(atMs, number, `detail ${number}`);
          } else if (heap.size > 0) takeOne();
          expect(heap.nextAtMs).toBe(list.nextAtMs);
        }
        while (heap.size > 0) takeOne();
        expect(happened).toEqual(expected);
        expect(heap.nextAtMs).toBe(Infinity);
      }),
      { numRuns: 100 },
    );
  });

  test("grows past what it began with, half empty or full, and loses and mixes up nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 6_000 }), fc.integer({ min: 0, max: 1_500 }), (count, takenFirst) => {
        const heap = new EventHeap();
        const { target, happened } = collector();
        const atMsOf = (number: number): number => (number * 7_919) % 1_021;
        for (let number = 0; number < takenFirst; number += 1) heap.push(number, target, number, null);
        for (let number = 0; number < takenFirst; number += 1) heap.happenNext();
        happened.length = 0;
        for (let number = 0; number < count; number += 1) heap.push(atMsOf(number), target, number, number);
        expect(heap.size).toBe(count);
        while (heap.size > 0) heap.happenNext();
        const numbers = Array.from({ length: count }, (_, number) => number);
        numbers.sort((a, b) => atMsOf(a) - atMsOf(b) || a - b);
        expect(happened).toEqual(numbers.map((number) => ({ atMs: atMsOf(number), what: number, detail: number })));
      }),
      { numRuns: 10 },
    );
  });

  test("takes what is pushed while one happens: behind those of the same moment, before later ones", () => {
    const heap = new EventHeap();
    const order: string[] = [];
    const target: EventTarget = {
      happen(_what, detail, atMs) {
        order.push(`${String(detail)} at ${atMs}`);
        if (detail !== "first") return;
        heap.push(5, target, 0, "pushed into the same moment");
        heap.push(6, target, 0, "pushed into a later moment");
      },
    };
    heap.push(7, target, 0, "last");
    heap.push(5, target, 0, "first");
    heap.push(5, target, 0, "second");
    while (heap.size > 0) heap.happenNext();
    expect(order).toEqual([
      "first at 5",
      "second at 5",
      "pushed into the same moment at 5",
      "pushed into a later moment at 6",
      "last at 7",
    ]);
  });

  test("hands an event to whom it was pushed for", () => {
    const heap = new EventHeap();
    const [one, other] = [collector(), collector()];
    heap.push(2, one.target, 1, null);
    heap.push(1, other.target, 2, null);
    while (heap.size > 0) heap.happenNext();
    expect(one.happened).toEqual([{ atMs: 2, what: 1, detail: null }]);
    expect(other.happened).toEqual([{ atMs: 1, what: 2, detail: null }]);
  });
});

describe("a moment", () => {
  test("is never before its time, at most a 64th of a millisecond after it, and is its own moment", () => {
    const anyMs = fc.double({ min: 0, max: 2e12, noNaN: true });
    fc.assert(
      fc.property(anyMs, (atMs) => {
        const moment = momentOf(atMs);
        expect(moment).toBeGreaterThanOrEqual(atMs);
        expect(moment - atMs).toBeLessThanOrEqual(1 / 64);
        expect(momentOf(moment)).toBe(moment);
      }),
    );
  });

  test("is held exactly by a wall clock, so that nothing is due a rounding error too soon", () => {
    const startWallMs = 1_767_225_600_000;
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3e8, noNaN: true }), (atMs) => {
        const moment = momentOf(atMs);
        expect(startWallMs + moment - startWallMs).toBe(moment);
      }),
    );
  });
});
