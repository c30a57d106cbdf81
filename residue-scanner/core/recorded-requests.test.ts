import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, job, whose } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";

describe("what a daemon did at somebody's request", () => {
  const line = (file: string, text: string) => ({ key: `${file}: ${text}`, file, line: 1, text, user: "root" });
  const spool = "/var/spool/cron/crontabs/root";
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
  const shell = recordedProcess({
    serial: 20,
    parent: 3,
    executable: "/bin/sh",
    commandLine: "/bin/sh -c touch '/d/x'",
    fromMs: 1_500,
  });
  const child = recordedProcess({ serial: 21, parent: 20, commandLine: "touch /d/x", fromMs: 1_501 });
  const done = { "/d/x": [touch(21, ["created"], 1_600)] };

  it("is the job's who put the line into the crontab", () => {
    const installed = { ...after, crontabs: [line(spool, "* * * * * touch '/d/x'")] };
    const report = compare(before, installed, {
      came: [shell, child],
      touches: { ...done, [spool]: [touch(job, ["moved-to"])] },
    });
    expect(whose(report)).toEqual([
      [`${spool}:1`, "job"],
      ["/d/x", "job"],
    ]);
    expect(report.findings[1]?.attribution.evidence[0]).toEqual({
      kind: "request",
      detail: expect.stringContaining(
        "line 1 of /var/spool/cron/crontabs/root asks for it (* * * * * touch '/d/x'), which process 104 (/bin/sh) wrote",
      ) as string,
    });
  });

  it("is the job's who took the line away again", () => {
    const touches = { ...done, "/var/spool/cron/crontabs": [touch(job, ["modified"])] };
    expect(whose(compare(before, after, { came: [shell, child], touches }))).toEqual([["/d/x", "job"]]);
  });

  it("is the host's own when the line was there before, whatever the job put beside it", () => {
    const crontabs = [line("/etc/crontab", "* * * * * root touch '/d/x'")];
    const others = [line(spool, "* * * * * touch /d/y")];
    const report = compare(
      { ...before, crontabs },
      { ...after, crontabs: [...crontabs, ...others] },
      { came: [shell, child], touches: { ...done, [spool]: [touch(job, ["moved-to"])] } },
    );
    expect(whose(report)).toEqual([[`${spool}:1`, "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("is the host's own when nobody of the run asked for anything", () => {
    const report = compare(before, after, { came: [shell, child], touches: done });
    expect(report.verdict).toBe("clean");
    expect(report.excused[0]?.examples[0]).toContain("nothing of the run had asked it for anything");
  });

  it("is the job's whose client waited for the daemon, and shared with another whose client did too", () => {
    const dockerd = recordedProcess({
      serial: 30,
      pid: 90,
      parent: null,
      isOlder: true,
      executable: "/usr/bin/dockerd",
    });
    const client = { executable: "/usr/bin/docker", commandLine: "docker volume create x", fromMs: 1_200 };
    const ours = recordedProcess({ ...client, serial: 31, parent: 4, toMs: 1_900 });
    const theirs = recordedProcess({ ...client, serial: 32, parent: 2, toMs: 1_900 });
    const ended = { ...theirs, toMs: 1_300 };
    const touches = { "/d/x": [touch(30, ["created"], 1_600)] };
    expect(whose(compare(before, after, { came: [dockerd, ours], touches }))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, { came: [dockerd, ours, ended], touches }))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, { came: [dockerd, ours, theirs], touches }))).toEqual([["/d/x", "shared"]]);
    expect(compare(before, after, { came: [dockerd, theirs], touches }).verdict).toBe("clean");
  });
});
