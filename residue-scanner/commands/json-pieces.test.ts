import { expect, it } from "vitest";

import { jsonPieces } from "./json-pieces.ts";

it("an object in pieces is the text that it is as a whole", () => {
  const items = Array.from({ length: 250 }, (_, index) => ({ id: `x\n${index}`, list: [1, [2]], nothing: {} }));
  const objects = [
    {},
    { one: 1, 'two"': "2\n", gone: undefined, none: null, empty: [], object: { inner: [{ a: 1 }] } },
    { items, hundred: items.slice(0, 100), odd: [undefined, null, "x"] },
  ];
  for (const each of objects) expect([...jsonPieces(each)].join("")).toBe(`${JSON.stringify(each, null, 2)}\n`);
  expect([...jsonPieces({ items })].length).toBeGreaterThan(3);
});
