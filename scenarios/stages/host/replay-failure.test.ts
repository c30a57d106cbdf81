import { describe, expect, it } from "vitest";

import type { RunVerdict } from "../../../protocol/verdict.ts";
import { replayFailure } from "./replay-failure.ts";

const passed: RunVerdict = {
  ...{
    version: 1,
    run: "r",
    scenario: "replay",
    stage: "host",
    seed: "s",
    startedAt: 1_000,
    endedAt: 4_000,
    user: "u",
  },
  ...{ options: {}, lifecycle: "pass", expectations: [], residue: null, interrupted: false, error: null, phases: [] },
  ...{ cleanUp: { result: "pass", notUndone: [] }, exitCode: 0, reproduce: "again" },
};
const fencing = { id: "fencing", title: "t", result: "fail" as const, detail: "d", story: ["line"] };
const residue = {
  ...{ version: 1 as const, verdict: "residue" as const, policy: "ci" as const, summary: "2 things are left" },
  ...{ baselineAt: 0, afterAt: 0, readings: 1, surfaces: [], findings: [], excused: [] },
};

describe("replayFailure", () => {
  it.each([
    ["a broken property", { expectations: [fencing] }, { invariant: "fencing", kind: "safety", story: ["line"] }],
    ["what did not come to its end", { error: "Faults stopped (L2): job-1." }, { invariant: "L2", kind: "liveness" }],
    [
      "a broken assertion",
      { error: "agent-0 ended by itself (assertion)." },
      { invariant: "assertion", kind: "crash" },
    ],
    ["any other early end", { error: "The agent did not start." }, { invariant: "error", kind: "crash" }],
    ["residue", { residue }, { invariant: "residue", story: ["2 things are left"] }],
  ])("tells %s", (_, changes, failure) => {
    expect(replayFailure({ ...passed, ...changes })).toMatchObject({ ...failure, atMs: 3_000 });
  });

  it.each([
    ["a run that passed", {}],
    ["an interruption", { interrupted: true, error: "Interrupted by SIGINT." }],
  ])("has nothing to tell of %s", (_, changes) => expect(replayFailure({ ...passed, ...changes })).toBeNull());
});
