import { describe, expect, test } from "vitest";

import type { RunVerdict } from "../../../protocol/verdict.ts";
import { clean, gate, nowMs, passing, policy, recorded, required } from "../../testing/ask-gate.ts";
import { cleanResidue, finding, lostResidue, partialResidue, plantedResidue } from "../../testing/residue-fixtures.ts";

describe("residue and surfaces", () => {
  const left = { ...clean, ...plantedResidue(), recorder: clean.recorder };

  test("each finding blocks", () => {
    const report = gate({ runs: [passing({ residue: left, exitCode: 1 })] });
    expect(report.blocking.filter((row) => row.startsWith("residue fail"))).toHaveLength(5);
    expect(report.blocking).toContain(
      "residue fail: process 5120 (sleep 3600), parent 1 appeared (the agent's; processes:5120/88123)",
    );
  });

  test("findings that the run's own policy file waived block as well", () => {
    const waivers = [
      {
        finding: "files:**",
        reason: "somebody thought so",
        expires: "2027-01-01",
        findings: [finding({ id: "files:/tmp/left" })],
      },
    ];
    const report = gate({ runs: [passing({ residue: { ...clean, waivers } })] });
    expect(report.blocking).toEqual([
      "scenario fail: 0 of 1 run can be counted, 1 must",
      "residue fail: file /tmp/left (0644 root, 12 B) appeared (the agent's; files:/tmp/left)",
    ]);
  });

  test.for<[string, RunVerdict["residue"], string]>([
    ["no second reading", null, "residue unknown: the host was not read again after the run"],
    [
      "a partial look",
      { ...partialResidue(), recorder: clean.recorder },
      "surfaces unknown: crontabs: not-permitted, /var/spool/cron/crontabs may only be read by root and the group crontab",
    ],
    [
      "lost evidence",
      { ...lostResidue(), recorder: clean.recorder },
      "surfaces unknown: files: failed, /var was unmounted between the readings",
    ],
    [
      "a surface that nobody read",
      { ...clean, surfaces: clean.surfaces.slice(0, 3) },
      "surfaces unknown: crontabs: it was not read",
    ],
    ["nobody listened", cleanResidue(), "surfaces unknown: recorder: nothing was recorded"],
    [
      "lost events",
      { ...clean, verdict: "unknown", recorder: [{ ...recorded("files"), status: "lost", detail: "9 events" }] },
      "surfaces unknown: recorder.files: lost, 9 events",
    ],
    [
      "a canary that was not found",
      {
        ...clean,
        verdict: "unknown",
        canaries: [{ side: "job", path: "/tmp/c", found: false, to: null, isRight: false }],
      },
      "residue unknown: the scanner did not know its own canary /tmp/c for what it was",
    ],
  ])("%s is unknown, and blocks", ([, residue, expected]) => {
    const report = gate({ policy: policy({ scenarios: [required] }), runs: [passing({ residue })] });
    expect(report.blocking).toContain(expected);
    expect(report.rows.filter(({ check }) => check === "evidence")).toMatchObject([{ result: "pass" }]);
  });

  test("without a recorder where the policy lets it be, but never with one that lost events", () => {
    const optional = policy({ recorder: "optional" });
    expect(gate({ policy: optional, runs: [passing({ residue: cleanResidue() })] }).blocking).toEqual([]);
    const lost = {
      ...clean,
      verdict: "unknown" as const,
      recorder: [{ ...recorded("calls"), status: "lost" as const }],
    };
    expect(gate({ policy: optional, runs: [passing({ residue: lost })] }).blocking).toContain(
      "surfaces unknown: recorder.calls: lost, nobody says why",
    );
  });
});

describe("waivers", () => {
  const waiver = { owner: "ada", reason: "known since last year", expires: "2026-01-31" };
  const left = { ...clean, verdict: "residue" as const, findings: [finding({ id: "files:/var/log/a/b" })] };
  const leaves = passing({ residue: left, exitCode: 0 });

  test.for<[string, object, number, number]>([
    ["the finding's own id", { finding: "files:/var/log/a/b" }, nowMs, 0],
    ["a pattern", { finding: "files:/var/log/**" }, nowMs, 0],
    ["a pattern that ends at a slash", { finding: "files:/var/log/*" }, nowMs, 1],
    ["dots are no pattern", { finding: "files:.var.log.a.b" }, nowMs, 1],
    ["until the end of its last day", { finding: "files:**" }, Date.parse("2026-01-31T23:59:59.999Z"), 0],
    ["and not after it", { finding: "files:**" }, Date.parse("2026-02-01T00:00:00.000Z"), 1],
    ["a surface is no finding", { surface: "files" }, nowMs, 1],
  ])("of a finding: %s", ([, over, at, exitCode]) => {
    const waivers = [{ ...waiver, ...over }];
    expect(gate({ policy: policy({ waivers }), runs: [leaves], nowMs: at }).exitCode).toBe(exitCode);
  });

  test("of a surface", () => {
    const waivers = [
      { ...waiver, surface: "files" },
      { ...waiver, surface: "processes" },
      { ...waiver, surface: "crontabs" },
      { ...waiver, surface: "sockets" },
    ];
    const runs = [passing({ residue: { ...partialResidue(), recorder: clean.recorder } })];
    const report = gate({ policy: policy({ waivers }), runs });
    expect(report).toMatchObject({ result: "pass", blocking: [] });
    expect(report.waivers.map(({ state, covered }) => [state, covered])).toEqual([
      ["used", 1],
      ["used", 1],
      ["used", 1],
      ["unused", 0],
    ]);
  });

  test("one that expired is told with what it would have covered", () => {
    const waivers = [{ ...waiver, finding: "files:**", expires: "2026-01-30" }];
    const report = gate({ policy: policy({ waivers }), runs: [leaves] });
    expect(report.blocking[1]).toMatch(/; ada's waiver of it expired with 2026-01-30$/);
    expect(report.waivers).toMatchObject([{ state: "expired", covered: 1 }]);
  });
});
