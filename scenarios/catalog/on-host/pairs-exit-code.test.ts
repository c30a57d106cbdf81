import { describe, expect, it } from "vitest";

import { ExitCode } from "../../../foundation/exit-codes.ts";
import { pairsExitCode } from "./pairs-exit-code.ts";

const found = { expected: "found", result: "found" } as const;
const passes = { expected: "not-found", result: "not-found" } as const;
const ownSkipped = { expected: "found", result: "skipped" } as const;
const otherSkipped = { expected: "not-found", result: "skipped" } as const;

describe("pairsExitCode", () => {
  it("is good where every pair is as it should be, with others' scenarios left out, or nothing to be done", () => {
    expect(pairsExitCode([found, passes], [])).toBe(ExitCode.pass);
    expect(pairsExitCode([found, otherSkipped], [])).toBe(ExitCode.pass);
    expect(pairsExitCode([], [])).toBe(ExitCode.pass);
  });

  it("is bad where a pair or a record is wrong, whatever else is", () => {
    expect(pairsExitCode([{ expected: "found", result: "not-found" }, ownSkipped], [])).toBe(ExitCode.fail);
    expect(pairsExitCode([{ expected: "not-found", result: "found" }], [])).toBe(ExitCode.fail);
    expect(pairsExitCode([found], ["x in y: it was never played"])).toBe(ExitCode.fail);
  });

  it("is undecided where a pair is, where a bug's own scenario cannot be played here, or none can", () => {
    expect(pairsExitCode([found, { expected: "not-found", result: "undecided" }], [])).toBe(ExitCode.unknown);
    expect(pairsExitCode([found, ownSkipped], [])).toBe(ExitCode.unknown);
    expect(pairsExitCode([otherSkipped], [])).toBe(ExitCode.unknown);
  });
});
