import { expect, test } from "vitest";

import { jsonOf } from "./json-of.ts";

test("what a program said is read, whatever it ended with", () => {
  expect(jsonOf({ stdout: '{"a":1}\n', stderr: "beware", exitCode: 1 })).toEqual({ a: 1 });
});

test.each([
  [{ stdout: "", stderr: "The disk is full.", exitCode: 64 }, "ended with 64"],
  [{ stdout: "half a {", stderr: "The disk is full.", code: 1 }, "ended with 1"],
  [{ stdout: "", stderr: "The disk is full.", code: null }, "ended with no exit code"],
])("of one that said no JSON, %j, the error tells how it ended and why", (ended, how) => {
  expect(() => jsonOf(ended)).toThrow(how);
  expect(() => jsonOf(ended)).toThrow("The disk is full.");
});
