import { describe, expect, it } from "vitest";

import { compare, daemon, excusedBy, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { listedFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
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
  const loader = recordedProcess({ serial: 40, parent: 31, executable: "/usr/bin/kmod", ...ran });
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

  it("is theirs who stands where the pattern has the pid, whatever other numbers are those of others", () => {
    const value = "|/usr/bin/tee %u %P";
    const listed = { sysctls: [listedFixture({ key: "kernel.core_pattern", attributes: { value } })] };
    const by = (line: string) => compare({ ...before, listed }, { ...after, listed }, told(line, [crashed, others]));
    expect(whose(by("/usr/bin/tee 4712 4711"))).toEqual([["/d/x", "job"]]);
    expect(by("/usr/bin/tee 4711 4712").verdict).toBe("clean");
    // Something else was set in between.
    expect(whose(by("/usr/bin/other 4712 4711"))).toEqual([["/d/x", "shared"]]);
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

  it("is theirs whose crash it was, whatever the job sends that process while it is dumped", () => {
    const { came, touches } = told("tee -p4712", [{ ...others, toMs: 3_500 }]);
    const sent = (atMs: number) => [act(job, "kill", { parameters: { pid: "4712", signal: "SIGTERM" }, atMs })];
    const helped = came.map((each) => (each.serial === 40 ? { ...each, toMs: 3_490 } : each));
    expect(compare(before, after, { came: helped, touches, acts: sent(3_000) }).verdict).toBe("clean");
    expect(whose(compare(before, after, { came: helped, touches, acts: sent(1_450) }))).toEqual([["/d/x", "job"]]);
  });

  it("is theirs whom it names, and may be theirs who ended soon after it: memory is given back before the end is told", () => {
    const late = (afterMs: number) => ({ ...crashed, toMs: ran.toMs + afterMs });
    expect(whose(compare(before, after, told("tee /d/x", [late(40)])))).toEqual([["/d/x", "job"]]);
    for (const afterMs of [60, 300, 4_000]) {
      expect(whose(compare(before, after, told("apport 4711 11 0", [late(afterMs)])))).toEqual([["/d/x", "job"]]);
      for (const all of [[late(afterMs)], [others, late(afterMs)]])
        expect(whose(compare(before, after, told("tee /d/x", all)))).toEqual([["/d/x", "shared"]]);
    }
    const theirsToo = [crashed, { ...others, toMs: ran.toMs + 300 }];
    expect(whose(compare(before, after, told("tee /d/x", theirsToo)))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, told("apport 4711 11 0", [late(60_000)])))).toEqual([["/d/x", "job"]]);
    // What the kernel starts for a module is no matter of a crash that comes later.
    const loading = { ...told("modprobe -q x", []), came: [kthreadd, worker, late(300), loader] };
    expect(compare(before, after, loading).verdict).toBe("clean");
    // Another that had the pid later.
    const another = { ...late(60_000), fromMs: 30_000 };
    expect(compare(before, after, told("apport 4711 11 0", [another])).verdict).toBe("clean");
  });

  it.each(["SIGQUIT", "SIGABRT", "SIGSEGV"])(
    "is the job's where that made somebody's process crash by %s",
    (signal) => {
      const sent = (by: number, atMs: number) => [act(by, "kill", { parameters: { pid: "4712", signal }, atMs })];
      const report = compare(before, after, { ...told("tee /d/x", [others]), acts: sent(job, 1_450) });
      expect(whose(report)).toEqual([["/d/x", "job"]]);
      expect(report.findings[0]?.attribution.evidence[0]?.detail).toContain(`sent it ${signal} before`);
      const [dumping, touches] = [[{ ...others, toMs: 9_000 }], { "/d/x": [touch(others.serial, ["created"], 1_510)] }];
      for (const more of [{ came: dumping, touches }, told("apport 4712 11 0", dumping)])
        expect(whose(compare(before, after, { ...more, acts: sent(job, 1_450) }))).toEqual([["/d/x", "job"]]);
      for (const acts of [sent(daemon.serial, 1_450), sent(job, 9_500)])
        expect(compare(before, after, { ...told("tee /d/x", [others]), acts }).verdict).toBe("clean");
    },
  );

  describe("and handed on to a service, as systemd-coredump(8) does,", () => {
    const systemd = recordedProcess({
      serial: 50,
      pid: 1,
      parent: null,
      isOlder: true,
      executable: "/usr/lib/systemd/systemd",
    });
    const executable = "/usr/lib/systemd/systemd-coredump";
    const helper = (serial: number, pid: number, fromMs = 1_500) =>
      recordedProcess({ ...ran, serial, parent: 31, executable, commandLine: `${executable} ${pid} 0 0 11`, fromMs });
    const dumped = (helpers: readonly RecordedProcess[], fromMs: number) => ({
      came: [
        ...[kthreadd, worker, systemd, crashed, others, ...helpers],
        recordedProcess({ serial: 45, parent: 50, executable, commandLine: executable, fromMs, toMs: fromMs + 200 }),
      ],
      touches: { "/d/x": [touch(45, ["created"], fromMs + 100)] },
    });

    it("is theirs whose crash that was", () => {
      for (const fromMs of [1_520, 1_900]) {
        const report = compare(before, after, dumped([helper(40, 4_711)], fromMs));
        expect(whose(report)).toEqual([["/d/x", "job"]]);
        expect(report.findings[0]?.attribution.evidence[0]?.detail).toContain("took up a crash");
        expect(compare(before, after, dumped([helper(40, 4_712)], fromMs)).verdict).toBe("clean");
      }
    });

    it("is shared where it may have been either's, and nobody's of the run long after", () => {
      const both = [helper(40, 4_711), helper(41, 4_712, 1_510)];
      expect(whose(compare(before, after, dumped(both, 1_520)))).toEqual([["/d/x", "shared"]]);
      for (const fromMs of [1_400, 60_000])
        expect(compare(before, after, dumped([helper(40, 4_711)], fromMs)).verdict).toBe("clean");
    });
  });

  it("is shared where the job wrote the helper, as a release agent of control groups, whoever attaches a file meanwhile", () => {
    const attaching = act(foreign, "ioctl", { parameters: { command: "LOOP_CONFIGURE" }, atMs: 1_520 });
    const helper = recordedProcess({ serial: 40, parent: 30, executable: "/d/agent", ...ran });
    const touches = {
      "/d/agent": [touch(job, ["created", "modified"], 1_200)],
      "/d/x": [touch(40, ["created"], 1_510)],
    };
    const report = compare(before, after, { came: [kthreadd, helper], touches, acts: [attaching] });
    expect(whose(report)).toEqual([["/d/x", "shared"]]);
    // Those that write for a loop device run no program.
    const byThread = { "/d/x": [touch(worker.serial, ["created"], 1_510)] };
    const attached = compare(before, after, { came: [kthreadd, worker], touches: byThread, acts: [attaching] });
    expect(excusedBy(attached)).toContain("foreign-process");
    expect(attached.verdict).toBe("clean");
  });

  it("needs to know who set it", () => {
    const asked = pathsToAskFor({ list: [], crowds: [] }, snapshotFixture(), snapshotFixture());
    expect(asked).toContain(crashSetting);
  });
});
