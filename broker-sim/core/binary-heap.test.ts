import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { BinaryHeap } from "./binary-heap.ts";

test.prop([fc.array(fc.integer({ min: 0, max: 20 }))])(
  "gives back smallest first, equals in the order of arrival",
  (keys) => {
    const heap = new BinaryHeap<number>();
    keys.forEach((key, turn) => heap.push(key, turn));
    const popped = keys.map(() => ({ key: heap.firstKey, value: heap.pop() }));
    const expected = keys.map((key, value) => ({ key, value })).sort((a, b) => a.key - b.key || a.value - b.value);
    expect(popped).toEqual(expected);
    expect(heap.pop()).toBeUndefined();
  },
);
