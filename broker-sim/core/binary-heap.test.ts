import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { BinaryHeap } from "./binary-heap.ts";

test.prop([fc.array(fc.integer({ min: 0, max: 20 }))])("gives back each entry once, the smallest first", (keys) => {
  const heap = new BinaryHeap<number>();
  keys.forEach((key, value) => {
    heap.push(key, value);
    heap.assertOrdered();
  });
  const popped = keys.map(() => {
    const entry = { key: heap.firstKey, value: heap.pop() as number };
    heap.assertOrdered();
    return entry;
  });
  expect(popped.map(({ key }) => key)).toEqual([...keys].sort((a, b) => a - b));
  for (const { key, value } of popped) expect(key).toBe(keys[value]);
  expect(new Set(popped.map(({ value }) => value)).size).toBe(keys.length);
  expect(heap.pop()).toBeUndefined();
});
