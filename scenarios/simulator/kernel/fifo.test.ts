import fc from "fast-check";
import { expect, test } from "vitest";

import { Fifo } from "./fifo.ts";

test("behaves as an array does that is pushed and shifted", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(), fc.constant(null))), (steps) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      for (const step of steps) {
        if (step === null) expect(fifo.take()).toBe(array.shift());
        else {
          fifo.push(step);
          array.push(step);
        }
        expect([fifo.size, fifo.first, [...fifo]]).toEqual([array.length, array[0], array]);
      }
    }),
  );
});

test("keeps the order while thousands wait and leave", () => {
  const fifo = new Fifo<number>();
  const taken: (number | undefined)[] = [];
  for (let number = 0; number < 10_000; number += 1) {
    fifo.push(number);
    if (number % 3 > 0) taken.push(fifo.take());
  }
  while (fifo.size > 0) taken.push(fifo.take());
  expect(taken).toEqual(Array.from({ length: 10_000 }, (_, number) => number));
  expect(fifo.take()).toBeUndefined();
});

test("is empty once it is cleared", () => {
  const fifo = new Fifo<number>();
  fifo.push(1);
  fifo.push(2);
  fifo.take();
  fifo.clear();
  expect([fifo.size, fifo.first, [...fifo]]).toEqual([0, undefined, []]);
});
