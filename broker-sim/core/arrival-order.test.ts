import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { ArrivalOrder } from "./arrival-order.ts";

const step = fc.record({ what: fc.constantFrom("add", "delete"), id: fc.constantFrom("a", "b", "c", "d") });

test.prop([fc.array(step)])("keeps the order of a Set", (steps) => {
  const order = new ArrivalOrder();
  const set = new Set<string>();
  for (const { what, id } of steps) {
    if (what === "add") {
      order.add(id);
      set.add(id);
    } else {
      order.delete(id);
      set.delete(id);
    }
    expect([order.size, order.oldest, order.has(id)]).toEqual([set.size, [...set][0], set.has(id)]);
  }
  for (const id of set) {
    expect(order.oldest).toBe(id);
    order.delete(id);
  }
  expect(order.oldest).toBeUndefined();
});
