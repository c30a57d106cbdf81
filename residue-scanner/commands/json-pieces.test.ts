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

it("what has no text, or one of its own, is as it is in a whole", () => {
  const own = (text: unknown) => ({ toJSON: () => text });
  const objects = [
    { function: () => 1, kept: 2 },
    { symbol: Symbol("x") },
    { nothing: own(undefined), date: new Date(0), kept: 1 },
    Object.assign(own({ kept: 1 }), { other: 2 }),
    { list: Object.assign([1], own("its own")), object: Object.assign({ a: 1 }, own([1, 2])) },
    { few: [{ inner: [1, [2]], gone: undefined }, own({ x: [1] }), () => 1, undefined, {}, [], [[{}]], null] },
    { holes: Array.from({ length: 3 }), 1: [[{ a: [{ b: 1 }] }]] },
    [1, { two: 2 }],
    [],
  ];
  for (const each of objects) expect([...jsonPieces(each)].join("")).toBe(`${JSON.stringify(each, null, 2)}\n`);
});

it("a long list in an object of a short one is divided, too", () => {
  const results = Array.from({ length: 1_000 }, (_, index) => ({ id: index, text: "x".repeat(100) }));
  // As SARIF has them.
  const log = { version: "2.1.0", runs: [{ tool: { name: "x" }, results }] };
  const pieces = [...jsonPieces(log)];
  expect(pieces.join("")).toBe(`${JSON.stringify(log, null, 2)}\n`);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(JSON.stringify(results, null, 2).length / 5);
});
