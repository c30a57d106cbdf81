import { describe, expect, it } from "vitest";

import { AssertionError } from "../../foundation/assert.ts";
import { UsageError } from "../../foundation/errors.ts";
import { asStepError, StepError } from "./step-error.ts";

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

describe("asStepError", () => {
  it.each([
    ["a reset connection", reset],
    ["a call out of time", new DOMException("timed out", "TimeoutError")],
    ["a failed request", new TypeError("fetch failed", { cause: reset })],
    ["an answer that is no JSON", new SyntaxError("Unexpected token")],
  ])("takes %s for the world's doing", (_, error) => {
    expect(asStepError(error, "withdraw")).toBeInstanceOf(StepError);
  });

  it.each([
    ["a broken invariant", new AssertionError("broken")],
    ["a bug", new TypeError("undefined is not a function")],
    ["what is told already", new UsageError("no", { code: "no", next: "" })],
  ])("hands on %s as it is", (_, error) => expect(asStepError(error, "withdraw")).toBe(error));
});
