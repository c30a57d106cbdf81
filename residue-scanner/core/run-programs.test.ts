import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";
import { programsRun } from "./run-programs.ts";

describe("what somebody else's process did", () => {
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x", "hook"] })];
  const hook = [touch(job, ["created", "modified"], 1_100)];
  const told = (commandLine: string, executable = "/usr/bin/dash", touches = hook) => ({
    came: [recordedProcess({ serial: 20, parent: foreign, executable, commandLine, fromMs: 1_500 })],
    touches: { "/d/x": [touch(20, ["created"], 1_510)], "/d/hook": touches },
  });

  it.each([
    ["sh /d/hook --all", "/usr/bin/dash"],
    ["/bin/sh -e /d/hook", "/usr/bin/dash"],
    ["bash -e -o pipefail /d/hook", "/usr/bin/bash"],
    ["perl -W /d/hook", "/usr/bin/perl"],
    ["/d/hook", "/d/hook"],
    ["python3 /d/hook", "/usr/bin/python3.11"],
  ])("is shared with the job that had written the program: %s", (commandLine, executable) => {
    const report = compare(before, after, told(commandLine, executable));
    expect(whose(report)).toEqual([
      ["/d/hook", "job"],
      ["/d/x", "shared"],
    ]);
    expect(report.findings[1]?.attribution.evidence[0]?.detail).toContain(
      "it runs /d/hook, which process 104 (/bin/sh)",
    );
  });

  it("is shared with the job that had written what it opened to run, by whatever name it was told to", () => {
    const { came, touches } = told("/bin/sh /link/hook");
    const opened = came.map((each) => ({ ...each, opened: "/d/hook" }));
    const report = compare(before, after, { came: opened, touches });
    expect(whose(report)).toEqual([
      ["/d/hook", "job"],
      ["/d/x", "shared"],
    ]);
    expect(programsRun({ processes: new Map(opened.map((each) => [each.serial, each])) })).toContain("/d/hook");
  });

  it.each([
    ["only reads it", "cat /d/hook", "/usr/bin/cat"],
    ["is told another program first", "sh /opt/tool /d/hook", "/usr/bin/dash"],
    ["is given commands", "sh -c 'wc /d/hook'", "/usr/bin/dash"],
  ])("stays theirs where it %s", (_, commandLine, executable) => {
    const report = compare(before, after, told(commandLine, executable));
    expect(whose(report)).toEqual([["/d/hook", "job"]]);
    expect(excusedBy(report)).toContain("foreign-process");
  });

  it("stays theirs where the job wrote to the program later, or somebody else did", () => {
    const later = compare(before, after, told("sh /d/hook", "/usr/bin/dash", [touch(job, ["created"], 2_100)]));
    expect(whose(later)).toEqual([["/d/hook", "job"]]);
    const others = compare(before, after, told("sh /d/hook", "/usr/bin/dash", [touch(foreign, ["created"], 1_100)]));
    expect(others.verdict).toBe("clean");
  });
});

describe("a file that came and was deleted with its directory while the host was read", () => {
  const [before, after] = [files({ "/d": [] }), files({ "/d": [{ name: "x", changed: 2 }] })];

  it("is theirs who deleted it", () => {
    const gone = compare(before, after, { touches: { "/d/x": [touch(foreign, ["deleted"], 2_100)] } });
    expect(gone.verdict).toBe("clean");
    const earlier = compare(before, after, { touches: { "/d/x": [touch(foreign, ["deleted"], 1_900)] } });
    expect(whose(earlier)).toEqual([["/d/x", "unknown"]]);
  });
});
