import { describe, expect, it } from "vitest";

import { exitCodeForVerdict, judgeResidue } from "./verdict.ts";

const surface = (status: "done" | "partial" | "not-permitted" | "failed") => ({
  surface: "files",
  status,
  detail: "",
  factsBefore: 0,
  factsAfter: 0,
  durationMs: 0,
});

describe("the residue verdict", () => {
  it.each([
    [0, ["done", "done"], "clean"],
    [0, ["done", "partial"], "partial"],
    [0, ["not-permitted"], "partial"],
    [0, ["partial", "failed"], "unknown"],
    [0, [], "unknown"],
    [1, ["done"], "residue"],
    [1, ["failed"], "residue"],
  ] as const)("of %i findings on surfaces %j is %s", (findings, statuses, verdict) => {
    expect(judgeResidue({ findings, surfaces: statuses.map(surface) })).toBe(verdict);
  });

  it.each([
    ["done", "clean"],
    ["partial", "partial"],
    ["not-permitted", "partial"],
    ["off", "partial"],
    ["lost", "unknown"],
  ] as const)("where the recorder is %s is at best %s", (status, verdict) => {
    const recorder = [
      { source: "files", status: "done", detail: "", events: 0 } as const,
      { source: "calls", status, detail: "", events: 0 } as const,
    ];
    expect(judgeResidue({ findings: 0, surfaces: [surface("done")], recorder })).toBe(verdict);
    expect(judgeResidue({ findings: 1, surfaces: [surface("done")], recorder })).toBe("residue");
  });

  it.each([
    ["clean", "strict", 0],
    ["partial", "developer", 0],
    ["partial", "ci", 2],
    ["partial", "strict", 2],
    ["residue", "developer", 1],
    ["unknown", "developer", 2],
  ] as const)("%s under %s exits with %i", (verdict, policy, exitCode) => {
    expect(exitCodeForVerdict(verdict, policy)).toBe(exitCode);
  });
});
