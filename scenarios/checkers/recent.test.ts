import { expect, it } from "vitest";

import { Recent } from "./recent.ts";

it("forgets the oldest, and nothing before there are too many", () => {
  const recent = new Recent<number>(2);
  recent.set("a", 1);
  recent.set("b", 2);
  recent.set("b", 3);
  expect([recent.get("a"), recent.get("b")]).toEqual([1, 3]);
  recent.set("c", 4);
  expect([recent.get("a"), recent.get("b"), recent.get("c")]).toEqual([undefined, 3, 4]);
  recent.delete("b");
  recent.set("d", 5);
  expect([recent.get("b"), recent.get("c"), recent.get("d")]).toEqual([undefined, 4, 5]);
});
