import { describe, expect, test } from "vitest";

import { UsageError } from "../../foundation/errors.ts";
import { releasableRun, withRecords } from "../testing/releasable-run.ts";
import { gate, passing, policy, required, nowMs } from "../testing/ask-gate.ts";
import { beganAt } from "../testing/history-builder.ts";
import type { StoredRun } from "../runs/read-run.ts";
import type { GateQuestion } from "./gate.ts";
import type { JudgedAgain, ScenarioJudge } from "./scenario-judge.ts";
import { noPolicy } from "./policy.ts";

test("a run that passed, was wholly seen and left nothing passes", () => {
  expect(gate()).toMatchObject({ result: "pass", exitCode: 0, blocking: [] });
  expect(gate({ policy: noPolicy })).toMatchObject({ result: "pass", exitCode: 0, blocking: [] });
});

describe("whoever knows the scenario", () => {
  const judge =
    (expectations: JudgedAgain["expectations"], value = 24): ScenarioJudge =>
    () => ({ expectations, sizes: [{ knob: "jobs", value, usual: 24 }] });
  const one = { id: "fencing", before: "pass", now: "pass", detail: "seen" } as const;

  test("judges again, and finds nothing where all is as it was", () => {
    const report = gate({ judge: judge([one]) });
    expect(report.blocking).toEqual([]);
    expect(report.rows.map(({ check }) => check)).toEqual(expect.arrayContaining(["judged", "size"]));
    expect(gate().rows.map(({ check }) => check)).not.toContain("judged");
  });

  test.for<[string, Partial<JudgedAgain["expectations"][number]>, string[]]>([
    ["what is worse now", { now: "fail" }, ["judged fail: fencing was judged pass, and is fail: seen"]],
    ["what nobody can tell now", { now: "unknown" }, ["judged unknown: fencing was judged pass, and is unknown: seen"]],
    [
      "what nobody had judged",
      { before: null, now: "fail" },
      ["judged fail: fencing was not judged, and is fail: seen"],
    ],
    [
      "what is not expected here",
      { now: null },
      ["judged unknown: fencing was judged pass, and the scenario that is here does not expect it"],
    ],
    ["nothing that was as bad then, which is told already", { before: "fail", now: "fail" }, []],
    ["nothing that is better now", { before: "unknown" }, []],
  ])("blocks %s", ([, over, blocking]) => {
    expect(gate({ judge: judge([{ ...one, ...over }]) }).blocking.filter((line) => line.startsWith("judged"))).toEqual(
      blocking,
    );
  });

  test("blocks what is not known to it", () => {
    const unknownHere = () => {
      throw new UsageError("It is none of this catalogue.", { code: "not-of-the-catalogue", next: "" });
    };
    expect(gate({ judge: unknownHere }).blocking.slice(1)).toEqual([
      "judged unknown: it cannot be judged again: It is none of this catalogue.",
    ]);
  });

  test("blocks a run that was smaller than its scenario, unless the policy allows it, or asks for more", () => {
    const sized = (value: number, atLeast?: object) =>
      gate({ judge: judge([one], value), policy: policy({ scenarios: [{ ...required, atLeast }] }) }).blocking[0];
    expect(sized(24)).toBeUndefined();
    expect(gate({ judge: judge([one], 3) }).blocking).toContain(
      "size fail: it ran with jobs 3, and the scenario has 24",
    );
    expect(sized(3, { jobs: 3 })).toBeUndefined();
    expect(
      gate({ judge: judge([one]), policy: policy({ scenarios: [{ ...required, atLeast: { jobs: 50 } }] }) }).blocking,
    ).toContain("size fail: it ran with jobs 24, and the policy asks for 50");
  });
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
    ["a stage", { stages: ["netns"] }, [], "no run of it was given; it was on host · process"],
    ["a driver", { drivers: ["process", "bubblewrap"] }, [], "no run of it was given; it was on host · process"],
    ["repeats", { repeats: 3 }, [passing({ run: "20260131T101501-again" })], "2 of 2 runs can be counted, 3 must"],
  ])("%s", ([, entry, more, detail]) => {
    const report = gate({ policy: policy({ scenarios: [{ ...required, ...entry }] }), runs: [passing(), ...more] });
    expect(report).toMatchObject({ result: "fail", exitCode: 1, blocking: [`scenario fail: ${detail}`] });
  });

  test("no other name is suggested that the policy asks for as well", () => {
    const scenarios = [required, { scenario: "withdraw-under-laod" }];
    expect(gate({ policy: policy({ scenarios }) }).blocking).toEqual(["scenario fail: no run of it was given"]);
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
    expect(report.blocking[0]).toBe("scenario fail: no run of it was given; it was on host · bubblewrap and process");
  });

  test("a run that is not good enough is not counted, and blocks by itself", () => {
    const report = gate({ runs: [passing(), releasableRun("failing", { run: "20260131T101509-failing" })] });
    expect(report).toMatchObject({ result: "fail", runs: [{ counts: true }, { counts: false }] });
    expect(report.rows.find(({ check }) => check === "scenario")?.result).toBe("pass");
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
      "another one of that name beside it",
      artifacts,
      [file, { ...file, digest: { sha256: other } }],
      tested(sha256),
      [`artifact fail: its sha256 is ${other}, and not ${sha256}`, "artifact fail: it tested another file"],
    ],
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

test("a run in virtual time that says that it tested another file is none of this one", () => {
  const sha256 = "a".repeat(64);
  const of = (digest: string) =>
    withRecords(releasableRun("virtual"), "run.started", (data) => ({
      ...data,
      artifacts: [{ name: "agent.tgz", sha256: digest }],
    }));
  const asked = (run: StoredRun) =>
    gate({
      policy: policy({ scenarios: [{ ...required, stages: ["sim"] }] }),
      ...{ artifacts: [{ name: "agent.tgz", digest: { sha256 } }], runs: [run] },
    }).blocking;
  expect(asked(of(sha256))).toEqual([]);
  expect(asked(of("b".repeat(64)))).toEqual(["artifact fail: it tested another file"]);
});

test("an old run in virtual time stays old, though its verdict calls itself new", () => {
  const sim = releasableRun("virtual");
  const later = 48 * 3_600_000;
  const { startedAt, endedAt } = sim.verdict;
  const verdict = { ...sim.verdict, startedAt: startedAt + later, endedAt: endedAt + later };
  const asked = { policy: policy({ scenarios: [{ ...required, stages: ["sim"] }] }), nowMs: nowMs + later };
  expect(gate({ ...asked, runs: [{ ...sim, verdict }] }).blocking).toContain(
    "age fail: it ended 49 h ago, and may have 24 h",
  );
});

test("modelled hosts alone prove nothing where no policy says that they do", () => {
  const sim = releasableRun("virtual");
  expect(gate({ policy: noPolicy, runs: [sim] })).toMatchObject({
    exitCode: 2,
    blocking: ["residue unknown: no run read a host"],
  });
  expect(gate({ policy: policy({ scenarios: [{ ...required, stages: ["sim"] }] }), runs: [sim] }).exitCode).toBe(0);
});
