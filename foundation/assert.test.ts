import { describe, expect, test } from "vitest";

import { AssertionError, assert, present, unreachable } from "./assert.ts";

describe("assert", () => {
  test("a true statement goes on", () => {
    expect(() => assert(true, "the lease is live")).not.toThrow();
  });

  test("a false statement throws and quotes the statement", () => {
    expect(() => assert(false, "the lease is live")).toThrow(new AssertionError("Broken invariant: the lease is live"));
  });

  test.each([0, "", false, Number.NaN])("present hands %o through: falsy is not missing", (value) => {
    expect(present(value, "a value")).toBe(value);
  });

  test.each([undefined, null])("present refuses %o", (missing) => {
    expect(() => present(missing, "the slot is known")).toThrow(AssertionError);
  });

  test("a case that the types rule out throws and shows the value", () => {
    expect(() => unreachable("surprise" as never)).toThrow(/"surprise" is not a case/);
  });
});
