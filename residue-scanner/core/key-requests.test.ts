import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";

describe("a file by what the kernel started to find a key", () => {
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
  const kthreadd = recordedProcess({ serial: 30, pid: 2, parent: null, isOlder: true, executable: null });
  const worker = recordedProcess({ serial: 31, pid: 900, parent: 30, isOlder: true, executable: null });
  const startedMs = 1_500;
  const helper = recordedProcess({
    ...{ serial: 40, parent: 31, fromMs: startedMs, toMs: 1_650 },
    executable: "/usr/bin/dash",
    commandLine: "/bin/sh /sbin/request-key create 4711 0 0 1 2 3",
  });
  const asked = (by: number, returned: number | null = -126, atMs = startedMs - 10) =>
    act(by, "request_key", { returned, atMs });
  const told = (...acts: ReturnType<typeof act>[]) => ({
    came: [kthreadd, worker, helper],
    touches: { "/d/x": [touch(helper.serial, ["created"], 1_510)] },
    acts,
  });

  it("is the job's where the job had asked for the key, whatever that came to", () => {
    for (const returned of [-126, 4711, null]) {
      const report = compare(before, after, told(asked(job, returned)));
      expect(whose(report)).toEqual([["/d/x", "job"]]);
      expect(report.findings[0]?.attribution.evidence[0]?.detail).toContain("asked the kernel for a key");
    }
  });

  it("is theirs who asked, and who got the very key where that is told", () => {
    const theirs = compare(before, after, told(asked(foreign)));
    expect(theirs.verdict).toBe("clean");
    expect(excusedBy(theirs)).toContain("foreign-process");
    expect(compare(before, after, told(asked(job), asked(foreign, 4711))).verdict).toBe("clean");
    expect(whose(compare(before, after, told(asked(job, 4711), asked(foreign))))).toEqual([["/d/x", "job"]]);
  });

  it("is shared where it may have been either's", () => {
    expect(whose(compare(before, after, told(asked(job), asked(foreign))))).toEqual([["/d/x", "shared"]]);
  });

  it("is not the job's that found another key, asked later, or long before", () => {
    for (const other of [asked(job, 12), asked(job, -126, startedMs + 1), asked(job, -126, startedMs - 5_000)])
      expect(compare(before, after, told(other)).verdict).toBe("clean");
  });

  it("is the job's where nothing but its program is known of it", () => {
    const unread = { ...helper, executable: "/usr/sbin/request-key", commandLine: null };
    const report = compare(before, after, { ...told(asked(job)), came: [kthreadd, worker, unread] });
    expect(whose(report)).toEqual([["/d/x", "job"]]);
  });

  it("is nobody's of the run where the kernel started something else", () => {
    for (const commandLine of ["/sbin/modprobe -q x", "/bin/sh /sbin/request-key", "tee request-key create"])
      expect(
        compare(before, after, { ...told(asked(job)), came: [kthreadd, worker, { ...helper, commandLine }] }).verdict,
      ).toBe("clean");
  });
});
