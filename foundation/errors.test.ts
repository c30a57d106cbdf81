import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { HouseguestError, InterruptedError, messageOf, systemCode, UsageError } from "./errors.ts";
import { ExitCode } from "./exit-codes.ts";

const details = { code: "port-in-use", next: "Choose another port with --port." };

describe("errors", () => {
  test.each([
    [HouseguestError, "HouseguestError", ExitCode.fail],
    [UsageError, "UsageError", ExitCode.usage],
    [InterruptedError, "InterruptedError", ExitCode.interrupted],
  ])("%o carries its name and exit code", (ErrorClass, name, exitCode) => {
    const error = new ErrorClass("Port 1 is in use", details);
    expect(error).toBeInstanceOf(HouseguestError);
    expect(error).toMatchObject({ name, exitCode, code: "port-in-use", retriable: false, next: details.next });
    expect(error.message).toBe("Port 1 is in use");
    expect("cause" in error).toBe(false);
  });

  test("the cause is kept", () => {
    const cause = new Error("EADDRINUSE");
    expect(new HouseguestError("Port 1 is in use", { ...details, cause, retriable: true })).toMatchObject({
      cause,
      retriable: true,
    });
  });

  test("the code of a real system error is found, and nothing is made up for others", () => {
    let missing: unknown;
    try {
      readFileSync("/there/is/no/such/file");
    } catch (error) {
      missing = error;
    }
    expect(systemCode(missing)).toBe("ENOENT");
    for (const other of [undefined, null, "ENOENT", 7, {}, { code: 7 }, new Error("x")]) {
      expect(systemCode(other)).toBeUndefined();
    }
  });

  test("whatever was thrown has a message", () => {
    expect(messageOf(new Error("broken"))).toBe("broken");
    expect(messageOf("broken")).toBe("broken");
    expect(messageOf(undefined)).toBe("undefined");
  });
});
