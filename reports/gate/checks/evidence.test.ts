import { describe, expect, test } from "vitest";

import type { HistoryRecord, HistoryType } from "../../../protocol/history.ts";
import type { RunVerdict } from "../../../protocol/verdict.ts";
import type { StoredRun } from "../../runs/read-run.ts";
import { clean, gate, passing } from "../../testing/ask-gate.ts";
import { releasableRun, withRecords } from "../../testing/releasable-run.ts";
import { finding, lostResidue } from "../../testing/residue-fixtures.ts";

describe("summaries are not believed", () => {
  const verdictOnly = (over: Partial<RunVerdict>): StoredRun => {
    const run = passing();
    return { ...run, verdict: { ...run.verdict, ...over } };
  };

  const again = (type: HistoryType): StoredRun => {
    const run = passing();
    return { ...run, history: [...run.history, ...run.history.filter((record) => record.type === type)] };
  };
  const result = { jobId: "job-load-1", correct: true, startedFrom: 0, detail: "" };
  const [first] = passing().history;
  const resulting: StoredRun = {
    ...passing(),
    history: [...passing().history, { ...first, type: "witness.result", data: result } as HistoryRecord],
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
    [
      "a stage on which it was not",
      verdictOnly({ stage: "netns" }),
      "evidence fail: its verdict is of stage netns, its history of host",
    ],
    [
      "more jobs than it ran",
      verdictOnly({ options: { ...passing().verdict.options, jobs: 200 } }),
      "evidence fail: its verdict is of jobs 200, its history of 24",
    ],
    [
      "a pass at once, of one that was retried",
      withRecords(passing(), "run.started", (data) => ({ ...data, retryOf: ["20260131T101400-first"] })),
      "evidence fail: its verdict is of a first attempt, its history of a retry of 20260131T101400-first",
    ],
    [
      "clean, of a run that left something",
      verdictOnly({ residue: { ...clean, summary: "Nothing is left." } }),
      "evidence fail: the residue in its verdict is not what its history ends with",
    ],
    [
      "clean, where the history names no residue",
      withRecords(passing(), "run.ended", ({ exitCode }) => ({ exitCode })),
      "evidence unknown: its history does not say what was found on the host",
    ],
    [
      "that all is well, and an exit code that says otherwise",
      withRecords(verdictOnly({ exitCode: 1 }), "run.ended", (data) => ({ ...data, exitCode: 1 })),
      "evidence fail: it ended with exit code 1, which nothing in its verdict explains",
    ],
    [
      "that nobody interrupted it, and an exit code that says otherwise",
      withRecords(verdictOnly({ exitCode: 130 }), "run.ended", (data) => ({ ...data, exitCode: 130 })),
      "evidence fail: it ended with exit code 130, which nothing in its verdict explains",
    ],
    [
      "a pass, of the second attempt",
      passing({ retryOf: ["20260131T101400-first"] }),
      "conduct fail: it is attempt 2, made because 20260131T101400-first did not pass",
    ],
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
      "a step that was not applicable",
      withRecords(passing(), "step.end", (data) =>
        data.index === 1 ? { ...data, outcome: "not-applicable", detail: "guest has no pause" } : data,
      ),
      "conduct unknown: step 2 was not applicable: guest has no pause",
    ],
    [
      "a step that was not applicable, within one that was",
      withRecords(passing(), "step.end", (data) =>
        data.index === 1 ? { ...data, path: "2.1", outcome: "not-applicable", detail: "guest has no pause" } : data,
      ),
      "conduct unknown: step 2.1 was not applicable: guest has no pause",
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
      "a result that was wrong",
      withRecords(resulting, "witness.result", (data) => ({ ...data, correct: false, detail: "3 instead of 4" })),
      "conduct fail: the result of job-load-1 is wrong: 3 instead of 4",
    ],
    ["two ends", again("run.ended"), "evidence fail: its verdict says exit code 0, its history 0 and 0"],
    ["two beginnings", again("run.started"), "evidence fail: its history is that of more than one run"],
    [
      "torn lines",
      { ...passing(), lostEvidence: ["The last line is torn."] },
      "evidence unknown: The last line is torn.",
    ],
    [
      "nothing of which history it was judged by",
      verdictOnly({ historySha256: undefined }),
      "evidence unknown: its verdict does not say which history it was judged by",
    ],
    ["a history that was changed", { ...passing(), altered: "It is another." }, "evidence fail: It is another."],
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
