import { describe, expect, test } from "vitest";

import type { RunVerdict } from "../../protocol/verdict.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { beganAt } from "../testing/history-builder.ts";
import { cleanResidue, finding, lostResidue, partialResidue, plantedResidue } from "../testing/residue-fixtures.ts";
import { releasableRun, withRecords } from "../testing/releasable-run.ts";
import { type GateQuestion, judgeGate } from "./gate.ts";
import { GatePolicy, noPolicy } from "./policy.ts";

const nowMs = beganAt + 3_600_000;
const required = { scenario: "withdraw-under-load" };
const clean = { ...cleanResidue(), recorder: (["files", "processes", "calls"] as const).map(recorded) };

function recorded(source: "files" | "processes" | "calls") {
  return { source, status: "done" as const, detail: "", events: 12 };
}

function policy(over: object = {}): GatePolicy {
  return GatePolicy.parse({ version: 1, scenarios: [required], ...over });
}

function passing(over: Partial<RunVerdict> = {}): StoredRun {
  return releasableRun("passing", { residue: clean, ...over });
}

function gate(over: Partial<GateQuestion> = {}) {
  const report = judgeGate({ policy: policy(), source: null, runs: [passing()], artifacts: [], nowMs, ...over });
  const blocking = report.rows.filter(({ result }) => result !== "pass");
  return { ...report, blocking: blocking.map(({ check, result, detail }) => `${check} ${result}: ${detail}`) };
}

test("a run that passed, was wholly seen and left nothing passes", () => {
  expect(gate()).toMatchObject({ result: "pass", exitCode: 0, blocking: [] });
  expect(gate({ policy: noPolicy })).toMatchObject({ result: "pass", exitCode: 0, blocking: [] });
});

describe("what the policy requires", () => {
  test.for<[string, object, StoredRun[], string]>([
    ["a scenario that was not run", { scenario: "hundred-in-a-row" }, [], "no run of it was given"],
    [
      "a scenario whose name is nearly right",
      { scenario: "withdraw-under-laod" },
      [],
      "no run of it was given; withdraw-under-load was",
    ],
    ["a stage", { stages: ["netns"] }, [], "no run of it was given"],
    ["a driver", { drivers: ["process", "bubblewrap"] }, [], "no run of it was given"],
    ["repeats", { repeats: 3 }, [passing({ run: "20260131T101501-again" })], "2 of 2 runs can be counted, 3 must"],
  ])("%s", ([, entry, more, detail]) => {
    const report = gate({ policy: policy({ scenarios: [{ ...required, ...entry }] }), runs: [passing(), ...more] });
    expect(report).toMatchObject({ result: "fail", exitCode: 1, blocking: [`scenario fail: ${detail}`] });
  });

  test("enough repeats, on both stages", () => {
    const sim = releasableRun("virtual", { run: "20260131T101502-sim" });
    const runs = [passing(), passing({ run: "20260131T101501-again" }), sim];
    const scenarios = [
      { ...required, repeats: 2, drivers: ["process"] },
      { ...required, stages: ["sim"] },
    ];
    expect(gate({ policy: policy({ scenarios }), runs }).blocking).toEqual([]);
  });

  test("a run in which two drivers were used is a run of neither", () => {
    const both = passing();
    const [started] = both.history.filter((record) => record.type === "agent.started");
    const again = { ...started, sequence: 1e6, data: { ...started?.data, driver: "bubblewrap" } };
    const runs = [{ ...both, history: [...both.history, again] as StoredRun["history"] }];
    const report = gate({ policy: policy({ scenarios: [{ ...required, drivers: ["process"] }] }), runs });
    expect(report.blocking[0]).toBe("scenario fail: no run of it was given");
  });

  test("a run that is not good enough is not counted, and blocks by itself", () => {
    const report = gate({ runs: [passing(), releasableRun("failing", { run: "20260131T101509-failing" })] });
    expect(report).toMatchObject({ result: "fail", runs: [{ counts: true }, { counts: false }] });
    expect(report.rows.find(({ check }) => check === "scenario")?.result).toBe("pass");
  });
});

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

describe("summaries are not believed", () => {
  const verdictOnly = (over: Partial<RunVerdict>): StoredRun => {
    const run = passing();
    return { ...run, verdict: { ...run.verdict, ...over } };
  };

  test.for<[string, StoredRun, string]>([
    [
      "clean, with findings",
      passing({ residue: { ...clean, findings: [finding({ id: "x" })] } }),
      "evidence fail: its verdict says clean of the residue, which comes to residue",
    ],
    [
      "clean, with a surface that failed",
      passing({ residue: { ...lostResidue(), recorder: clean.recorder, verdict: "clean" } }),
      "evidence fail: its verdict says clean of the residue, which comes to unknown",
    ],
    [
      "an expectation that failed in the history",
      withRecords(passing(), "expectation", (data) => (data.id === "I5" ? { ...data, result: "fail" } : data)),
      "evidence fail: its verdict and its history judge differently: I5 pass against I5 fail",
    ],
    [
      "pass, of expectations that failed",
      passing({ ...releasableRun("failing").verdict, residue: clean, lifecycle: "pass" }),
      "evidence fail: its verdict says pass of the lifecycle, which comes to fail",
    ],
    ["another exit code", verdictOnly({ exitCode: 3 }), "evidence fail: its verdict says exit code 3, its history 0"],
    [
      "another scenario",
      verdictOnly({ scenario: "soak" }),
      "evidence fail: its verdict is of scenario soak, its history of withdraw-under-load",
    ],
    ["another seed", verdictOnly({ seed: "1" }), "evidence fail: its verdict is of seed 1, its history of 7e1d0c"],
    ["another stage", verdictOnly({ stage: "sim" }), "evidence fail: its verdict is of stage sim, its history of host"],
    [
      "no expectation at all",
      { ...verdictOnly({ expectations: [] }), history: passing().history.filter(({ type }) => type !== "expectation") },
      "conduct unknown: its history holds no expectation that was judged",
    ],
    [
      "steps that were not taken",
      { ...passing(), history: passing().history.filter(({ type }) => type !== "step.end") },
      "conduct fail: only 0 of 7 steps were taken",
    ],
    [
      "a step that failed",
      withRecords(passing(), "step.end", (data) =>
        data.index === 2 ? { ...data, outcome: "failed", detail: "no broker" } : data,
      ),
      "conduct fail: step 3 failed: no broker",
    ],
    [
      "a withdrawal that calls itself clean",
      withRecords(passing(), "agent.withdrawal", ({ report }) => ({
        report: { ...report, clean: true, directoriesLeft: ["/var/lib/guest"] },
      })),
      "conduct fail: a withdrawal of 410 ms calls itself clean and left /var/lib/guest",
    ],
    ["an error", verdictOnly({ error: "The broker did not start." }), "conduct fail: The broker did not start."],
    [
      "an interruption",
      verdictOnly({ interrupted: true, error: "Interrupted by SIGINT." }),
      "conduct unknown: the run was interrupted",
    ],
    [
      "torn lines",
      { ...passing(), lostEvidence: ["The last line is torn."] },
      "evidence unknown: The last line is torn.",
    ],
    ["no verdict", { ...passing(), recorded: false }, "evidence unknown: the run has no verdict"],
    [
      "no end",
      { ...passing(), history: passing().history.slice(0, -1) },
      "evidence unknown: its history does not say that it came to an end",
    ],
    [
      "something that was not undone",
      releasableRun("notUndone", { residue: clean }),
      "clean-up fail: the cgroup /sys/fs/cgroup/houseguest-4711: it still holds 1 process that cannot be killed (state D); finish with npx scenarios heal 20260131T101500-withdraw-under-load",
    ],
    [
      "nobody knows what was not undone",
      verdictOnly({ cleanUp: { result: "fail", notUndone: [] } }),
      "clean-up fail: it says that something was not undone, and not what",
    ],
  ])("%s", ([, run, expected]) => {
    const report = gate({ runs: [run] });
    expect(report.blocking).toContain(expected);
    expect(report.exitCode).not.toBe(0);
  });

  test("a record that is missing in the middle is lost evidence", () => {
    const run = passing();
    const history = run.history.filter(({ type }) => type !== "agent.checkpoint");
    expect(gate({ runs: [{ ...run, history }] }).blocking.at(-1)).toMatch(
      /^evidence unknown: Of the \d+ records or more/,
    );
  });
});

describe("latencies", () => {
  test.for<[string, object, string[]]>([
    ["within their limits", { latency: "freeze.witness", p50MsMax: 10, p99MsMax: 10, worstMsMax: 10 }, []],
    ["above one", { latency: "withdrawal", p99MsMax: 400 }, ["latency fail: p99 410 ms of 1"]],
    [
      "that nobody measured",
      { latency: "resume.witness", p99MsMax: 10 },
      ["latency unknown: no run with real processes measured it"],
    ],
    [
      "of too few measurements",
      { latency: "withdrawal", p99MsMax: 500, samplesMin: 2 },
      ["latency unknown: only 1 measurement, and 2 are to be had"],
    ],
  ])("%s", ([, limit, blocking]) => {
    const run = passing();
    const runs = [{ ...run, history: run.history.filter(({ type }) => type !== "witness.resume") }];
    const report = gate({ policy: policy({ latencies: [limit] }), runs });
    expect(report.blocking.filter((row) => row.startsWith("latency"))).toEqual(blocking);
  });

  test("all runs together, and none in virtual time", () => {
    const limits = [{ latency: "withdrawal", p99MsMax: 500, samplesMin: 2 }];
    const sim = releasableRun("virtual", { run: "20260131T101502-sim" });
    const again = passing({ run: "20260131T101501-again" });
    expect(gate({ policy: policy({ latencies: limits }), runs: [passing(), sim] }).exitCode).toBe(2);
    expect(gate({ policy: policy({ latencies: limits }), runs: [passing(), again] }).exitCode).toBe(0);
  });
});

describe("age", () => {
  test.for<[string, number, number]>([
    ["just young enough", 23 * 3_600_000, 0],
    ["too old", 25 * 3_600_000, 1],
    ["of a clock that is a little ahead", -60_000, 0],
    ["of the future", -3_600_000, 1],
  ])("%s", ([, laterMs, exitCode]) => {
    expect(gate({ nowMs: beganAt + laterMs }).exitCode).toBe(exitCode);
  });

  test("the older of what verdict and history say counts", () => {
    const run = passing({ endedAt: nowMs + 48 * 3_600_000 });
    const report = gate({ runs: [run], nowMs: nowMs + 48 * 3_600_000 });
    expect(report.blocking).toContain("age fail: it ended 49 h ago, and may have 24 h");
  });
});

describe("artifacts", () => {
  const [sha256, other] = ["a".repeat(64), "b".repeat(64)];
  const artifacts = [{ name: "agent.tgz", sha256 }];
  const file = { name: "agent.tgz", digest: { sha256 } };
  const tested = (digest: string) =>
    withRecords(passing(), "run.started", (data) => ({ ...data, artifacts: [{ name: "agent.tgz", sha256: digest }] }));

  test.for<[string, object[], object[], StoredRun, string[]]>([
    ["what the policy names and the run tested", artifacts, [file], tested(sha256), []],
    [
      "that was not given",
      artifacts,
      [],
      tested(sha256),
      ["artifact fail: it was not given; name it with --artifact FILE"],
    ],
    [
      "another one",
      artifacts,
      [{ ...file, digest: { sha256: other } }],
      tested(other),
      [`artifact fail: its sha256 is ${other}, and not ${sha256}`],
    ],
    [
      "that the policy does not name",
      artifacts,
      [file, { name: "x", digest: { sha256 } }],
      tested(sha256),
      ["artifact fail: the policy names no such file"],
    ],
    ["that the run did not test", artifacts, [file], tested(other), ["artifact fail: it tested another file"]],
    [
      "of a run that does not say what it tested",
      artifacts,
      [file],
      passing(),
      ["artifact unknown: 0 of 1 run with real processes say so; name it in their configuration"],
    ],
    ["where the policy names none", [], [file], passing(), []],
    [
      "that the run did not test, where the policy names none",
      [],
      [file],
      tested(other),
      ["artifact fail: it tested another file"],
    ],
  ])("%s", ([, named, files, run, blocking]) => {
    const report = gate({
      policy: policy({ artifacts: named }),
      artifacts: files as GateQuestion["artifacts"],
      runs: [run],
    });
    expect(report.blocking).toEqual(blocking);
  });
});

test("modelled hosts alone prove nothing where no policy says that they do", () => {
  const sim = releasableRun("virtual");
  expect(gate({ policy: noPolicy, runs: [sim] })).toMatchObject({
    exitCode: 2,
    blocking: ["residue unknown: no run read a host"],
  });
  expect(gate({ policy: policy({ scenarios: [{ ...required, stages: ["sim"] }] }), runs: [sim] }).exitCode).toBe(0);
});
