import { expect, test } from "vitest";

import { marks, sometimes, takeMarks } from "./sometimes.ts";

test("counts what happened since it was asked last, and names what did not", () => {
  takeMarks();
  sometimes("an agent was lost");
  sometimes("an agent was lost");
  const taken = takeMarks();
  expect(taken["an agent was lost"]).toBe(2);
  expect(taken["a lost agent came back"]).toBe(0);
  expect(Object.keys(taken)).toEqual(marks);
  expect(takeMarks()["an agent was lost"]).toBe(0);
});

test("no mark stands there twice", () => {
  expect(new Set(marks).size).toBe(marks.length);
});
