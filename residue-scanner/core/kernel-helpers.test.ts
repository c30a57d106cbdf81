import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";
import { snapshotFixture } from "../testing/snapshot-fixture.ts";
import { crashSetting } from "./kernel-helpers.ts";
import type { RecordedProcess, Touch } from "./recording.ts";
import { pathsToAskFor } from "./touched-paths.ts";

describe("a file by what the kernel started", () => {
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
  const kthreadd = recordedProcess({ serial: 30, pid: 2, parent: null, isOlder: true, executable: null });
  const worker = recordedProcess({ serial: 31, pid: 900, parent: 30, executable: null });
  const ran = { fromMs: 1_500, toMs: 1_650 } as const;
  const times = { fromMs: 1_300, toMs: 1_600, dumped: true } as const;
  const crashed = recordedProcess({ ...times, serial: 20, pid: 4_711, parent: job });
  const others = recordedProcess({ ...times, serial: 21, pid: 4_712, parent: foreign });
  const told = (commandLine: string, crashes: readonly RecordedProcess[], setters: readonly Touch[] = []) => ({
    came: [
      ...[kthreadd, worker, ...crashes],
      recordedProcess({ serial: 40, parent: 31, executable: "/usr/bin/tee", commandLine, ...ran }),
    ],
    touches: { "/d/x": [touch(40, ["created"], 1_510)], [crashSetting]: setters },
  });

  it("is the job's where one of its own crashed then", () => {
    const report = compare(before, after, told("tee /d/x", [crashed]));
    expect(whose(report)).toEqual([["/d/x", "job"]]);
    expect(report.findings[0]?.attribution.evidence[0]?.detail).toContain("by the kernel when process 4711");
  });

  it.each(["tee /d/x -p4711", "apport 4711 11 0"])("is theirs whom it names, where several crashed: %s", (line) => {
    expect(whose(compare(before, after, told(line, [crashed, others])))).toEqual([["/d/x", "job"]]);
    const report = compare(before, after, told(line.replace("4711", "4712"), [crashed, others]));
    expect(whose(report)).toEqual([]);
    expect(excusedBy(report)).toContain("foreign-process");
  });

  it("is shared where several crashed and it names none", () => {
    expect(whose(compare(before, after, told("tee /d/x.4711", [crashed, others])))).toEqual([["/d/x", "shared"]]);
  });

  it("is shared where the job had set what it is and another's process crashed, and theirs where it did so later", () => {
    const set = (atMs: number) => told("tee /d/x", [others], [touch(job, ["modified"], atMs)]);
    expect(whose(compare(before, after, set(1_200)))).toEqual([["/d/x", "shared"]]);
    expect(compare(before, after, set(2_200)).verdict).toBe("clean");
  });

  it("is theirs where nobody left a dump then, whatever is set: the kernel starts others, too", () => {
    const setting = [touch(job, ["modified"], 1_200)];
    for (const each of [{ dumped: false }, { toMs: 1_300 }, { toMs: 20_000 }])
      expect(compare(before, after, told("tee /d/x", [{ ...crashed, ...each }], setting)).verdict).toBe("clean");
  });

  it("needs to know who set it", () => {
    const asked = pathsToAskFor({ list: [], crowds: [] }, snapshotFixture(), snapshotFixture());
    expect(asked).toContain(crashSetting);
  });
});
