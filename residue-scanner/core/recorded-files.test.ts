import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { type Touch, type TouchKind, unknownProcess } from "./recording.ts";

describe("whose a file is, by who touched it", () => {
  const came = [files({ "/d": [] }), files({ "/d": ["x"] })] as const;

  it("is the job's when only the job did", () => {
    const report = compare(...came, { touches: { "/d/x": [touch(job, ["created", "modified"])] } });
    expect(whose(report)).toEqual([["/d/x", "job"]]);
    expect(report.findings[0]?.attribution.evidence[0]).toEqual({
      kind: "recorder",
      detail:
        "process 104 (/bin/sh) of the job, in cgroup / created it, wrote to it; it was seen during the run as a process of the job",
    });
  });

  it("is excused when only others did, who are named", () => {
    const report = compare(...came, { touches: { "/d/x": [touch(foreign, ["created"])] } });
    expect(report.verdict).toBe("clean");
    expect(excusedBy(report)).toEqual(["foreign-process"]);
    expect(report.excused[0]?.examples[0]).toContain(
      "process 70 (/usr/sbin/rsyslogd) of somebody else, in cgroup /system/rsyslog",
    );
  });

  it("is shared when both did, and both are named", () => {
    const report = compare(...came, {
      touches: { "/d/x": [touch(foreign, ["modified"], 1_500), touch(job, ["created"])] },
    });
    expect(whose(report)).toEqual([["/d/x", "shared"]]);
    expect(report.findings[0]?.attribution.evidence).toMatchObject([
      { kind: "recorder", detail: expect.stringContaining("process 104 (/bin/sh) of the job") as string },
      { kind: "recorder", detail: expect.stringContaining("process 70 (/usr/sbin/rsyslogd) of somebody") as string },
      { kind: "time" },
    ]);
  });

  it("is the job's that made it, although others set its mode, and shared where the job set that of theirs", () => {
    const made = (by: number, set: number) => ({
      touches: { "/d/x": [touch(by, ["created"]), touch(set, ["attributes"], 1_500)] },
    });
    expect(whose(compare(...came, made(job, foreign)))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(...came, made(foreign, job)))).toEqual([["/d/x", "shared"]]);
  });

  it("is the job's alone when the others' touch was of an earlier file of that name", () => {
    const born = files({ "/d": [{ name: "x", born: 2, changed: 2 }] });
    const touches = { "/d/x": [touch(foreign, ["created", "deleted"], 1_000), touch(job, ["created"], 2_000)] };
    expect(whose(compare(files({ "/d": [] }), born, { touches }))).toEqual([["/d/x", "job"]]);
  });

  it("is shared where somebody wrote anew what the run had changed: they may have read it before", () => {
    const [before, after] = [files({ "/d": ["x"] }), files({ "/d": [{ name: "x", size: 4, born: 2, changed: 2 }] })];
    const anew = (earlier: number, later = foreign) => ({
      touches: { "/d/x": [touch(earlier, ["modified"], 1_000), touch(later, ["moved-to"], 2_000)] },
    });
    expect(whose(compare(before, after, anew(job)))).toEqual([["/d/x", "shared"]]);
    expect(whose(compare(before, after, anew(foreign)))).toEqual([]);
    // The other way round as well: what others had put in is in there still.
    expect(whose(compare(before, after, anew(foreign, job)))).toEqual([["/d/x", "shared"]]);
  });

  it("is shared where somebody wrote anew what the run had made, and the run's no longer where it took that away", () => {
    const born = files({ "/d": [{ name: "x", born: 2, changed: 2 }] });
    const anew = (kinds: readonly TouchKind[]) => ({
      touches: { "/d/x": [touch(job, kinds, 1_000), touch(foreign, ["moved-to"], 2_000)] },
    });
    expect(whose(compare(files({ "/d": [] }), born, anew(["created", "modified"])))).toEqual([["/d/x", "shared"]]);
    expect(whose(compare(files({ "/d": [] }), born, anew(["created", "deleted"])))).toEqual([]);
  });

  it("is theirs where another process of the run had taken away what the run had made, before they made it anew", () => {
    const born = files({ "/d": [{ name: "x", born: 2, changed: 2 }] });
    const rm = recordedProcess({ serial: 60, parent: job, executable: "/usr/bin/rm" });
    const theirs = recordedProcess({ serial: 61, parent: foreign, executable: "/usr/sbin/logrotate" });
    const made = touch(job, ["moved-to"], 1_000);
    const anew = touch(foreign, ["created", "modified"], 2_000);
    const whom = (...touches: readonly Touch[]) =>
      whose(compare(files({ "/d": [] }), born, { came: [rm, theirs], touches: { "/d/x": touches } }));
    for (const kind of ["deleted", "moved-from"] as const) {
      expect(whom(made, touch(60, [kind], 1_100), anew)).toEqual([]);
    }
    expect(whom(made, anew)).toEqual([["/d/x", "shared"]]);
    // Taken away before, or put there once more after that, or in between for all that is known.
    expect(whom(touch(60, ["deleted"], 900), made, anew)).toEqual([["/d/x", "shared"]]);
    expect(whom({ ...made, lastMs: 1_200 }, touch(60, ["deleted"], 1_100), anew)).toEqual([["/d/x", "shared"]]);
    expect(whom(made, touch(60, ["deleted", "created"], 1_100), anew)).toEqual([["/d/x", "shared"]]);
    expect(whom(touch(60, ["deleted"], 1_000), made, anew)).toEqual([["/d/x", "shared"]]);
    // Others who take it away may do so to write it anew from what they read in it.
    expect(whom(made, touch(61, ["moved-from"], 1_100), anew)).toEqual([["/d/x", "shared"]]);
  });

  it("stays unexplained when nobody was seen, or somebody whom nobody knows", () => {
    expect(whose(compare(...came, {}))).toEqual([["/d/x", "unknown"]]);
    const stray = recordedProcess({ serial: 9, parent: null });
    expect(whose(compare(...came, { came: [stray], touches: { "/d/x": [touch(9, ["created"])] } }))).toEqual([
      ["/d/x", "unknown"],
    ]);
  });

  it("stays unexplained when others were seen to do something else", () => {
    const [before, after] = [
      files({ "/d": ["x"] }),
      files({ "/d": [{ name: "x", mode: 0o106755, size: 4, changed: 1 }] }),
    ];
    const wrote = { touches: { "/d/x": [touch(foreign, ["modified"])] } };
    expect(whose(compare(before, after, wrote))).toEqual([["/d/x", "unknown"]]);
    const set = { touches: { "/d/x": [touch(foreign, ["modified", "attributes"])] } };
    expect(excusedBy(compare(before, after, set))).toEqual(["foreign-process"]);
  });

  it("is theirs who were seen to write, also where a name of the run's stands in it", () => {
    const look = { digest: null, unread: null, linkTarget: null, xattrs: null, writers: [] };
    const inspections = new Map([["/d/x", { ...look, bears: ["0123456789abcdef"] }]]);
    const report = (touches: Record<string, Touch[]>) => compare(...came, { inspections, touches });
    expect(excusedBy(report({ "/d/x": [touch(foreign, ["created", "modified"])] }))).toEqual(["foreign-process"]);
    expect(whose(report({ "/d/x": [touch(job, ["created", "modified"])] }))).toEqual([["/d/x", "job"]]);
    expect(whose(report({}))).toEqual([["/d/x", "agent"]]);
  });

  it("asks who set the attributes of chattr(1), which no file event tells", () => {
    const [before, after] = [files({ "/d": ["x"] }), files({ "/d": [{ name: "x", flags: 0x10, changed: 1 }] })];
    const acts = [act(job, "ioctl", { parameters: { command: "FS_IOC_SETFLAGS" }, returned: null })];
    expect(whose(compare(before, after, { acts }))).toEqual([["/d/x", "job"]]);
    expect(whose(compare(before, after, {}))).toEqual([["/d/x", "unknown"]]);
  });

  it("is told of what came with a directory that was moved", () => {
    const after = files({ "/": [{ name: "d", mode: 0o040755 }], "/d": [{ name: "e", mode: 0o040755 }], "/d/e": ["x"] });
    const report = compare(files({ "/": [] }), after, { touches: { "/d": [touch(job, ["moved-to"])] } });
    expect(whose(report)).toEqual([["/d", "job"]]);
    expect(report.findings[0]?.subject).toContain("with 2 entries below");
  });

  it("is told of a file whose other name came", () => {
    const [before, after] = [
      files({ "/d": [{ name: "x", ino: 7 }] }),
      files({
        "/d": [
          { name: "x", ino: 7, links: 2, changed: 1 },
          { name: "y", ino: 7, links: 2, changed: 1 },
        ],
      }),
    ];
    expect(whose(compare(before, after, { touches: { "/d/y": [touch(job, ["created"])] } }))).toEqual([
      ["/d/x", "job"],
      ["/d/y", "job"],
    ]);
    expect(compare(before, after, { touches: { "/d/y": [touch(foreign, ["created"])] } }).verdict).toBe("clean");
    expect(whose(compare(before, after, { touches: { "/d/y": [] } }))).toEqual([
      ["/d/x", "unknown"],
      ["/d/y", "unknown"],
    ]);
  });

  it("is told of a file whose other name came and went, and of its count of links", () => {
    const one = { name: "x", ino: 7 };
    const before = files({ "/d": [one] });
    const linked = (by: number) => ({ "/d/x": [{ ...touch(by, ["attributes"]), isOfLinks: true as const }] });
    const went = files({ "/d": [{ ...one, changed: 1 }] });
    const stays = files({ "/d": [{ ...one, links: 2, changed: 1 }] });
    for (const after of [went, stays]) {
      expect(compare(before, after, { touches: linked(foreign) }).verdict).toBe("clean");
      const report = compare(before, after, { touches: linked(job) });
      expect(whose(report)).toEqual([["/d/x", "job"]]);
      expect(report.findings[0]?.attribution.evidence[0]?.detail).toContain("gave it another name, or took one away");
    }
    // Whoever sets a mode makes no links.
    const set = { touches: { "/d/x": [touch(foreign, ["attributes"])] } };
    expect(whose(compare(before, stays, set))).toEqual([["/d/x", "unknown"]]);
    // And whoever makes links sets no mode.
    const both = files({ "/d": [{ ...one, mode: 0o104755, links: 2, changed: 1 }] });
    expect(whose(compare(before, both, { touches: linked(foreign) }))).toEqual([["/d/x", "unknown"]]);
  });

  /** By whoever changed a file's links, and is not known any more. */
  const forgotten = {
    by: unknownProcess,
    kinds: ["attributes"],
    isOfLinks: true,
    firstMs: 0,
    lastMs: Infinity,
  } as const;

  it("is left open by a linker who is forgotten only where links can have changed it", () => {
    const one = { name: "x", ino: 7 };
    const before = files({ "/d": [one] });
    for (const changed of [{ changed: 1 }, { links: 2, changed: 1 }]) {
      const report = compare(before, files({ "/d": [{ ...one, ...changed }] }), { touches: { "/d/x": [forgotten] } });
      expect(whose(report)).toEqual([["/d/x", "unknown"]]);
      expect(JSON.stringify(report.findings[0]?.attribution.evidence)).toContain(
        "gave it another name, or took one away",
      );
    }
    // The run's doings do not explain alone what that one may have done; others' do, or a cache that is cleared would not.
    const links = (changed: object) =>
      files({ "/d": ["x", "y"].map((name) => ({ name, ino: 7, links: 2, ...changed })) });
    const told = (by: number) => ({
      touches: { "/d/x": [forgotten], "/d/y": [touch(by, ["attributes", "modified"])] },
    });
    const whoseX = (by: number, changed: object) =>
      whose(compare(links({}), links(changed), told(by))).filter(([path]) => path === "/d/x");
    expect(whoseX(foreign, { changed: 1 })).toEqual([]);
    expect(whoseX(job, { changed: 1 })).toEqual([["/d/x", "shared"]]);
    // What else changed moved the ctime, too.
    expect(whoseX(foreign, { size: 9, changed: 1 })).toEqual([]);
    // What came with its directory came by no link.
    const moved = files({ "/d": [{ name: "t", mode: 0o040755 }], "/d/t": ["x"] });
    for (const [by, expected] of [
      [foreign, []],
      [job, [["/d/t", "job"]]],
    ] as const) {
      const touches = { "/d/t": [touch(by, ["moved-to"])], "/d/t/x": [forgotten] };
      const report = compare(files({ "/d": [] }), moved, { touches });
      expect(whose(report).filter(([path]) => path === "/d/t")).toEqual(expected);
      expect(whose(report).filter(([path, to]) => path === "/d/t/x" && to === "unknown")).toEqual([]);
    }
  });

  it("is theirs who took its other name away, though nobody is known any more who changed its links", () => {
    const both = files({ "/d": ["x", "y"].map((name) => ({ name, ino: 7, links: 2 })) });
    const one = files({ "/d": [{ name: "x", ino: 7, links: 1, changed: 1 }] });
    const taken = (by: number) =>
      compare(both, one, { touches: { "/d/x": [forgotten], "/d/y": [touch(by, ["deleted"])] } });
    expect(whose(taken(foreign))).toEqual([]);
    expect(new Set(whose(taken(job)).map(([path]) => path))).toEqual(new Set(["/d/x", "/d/y"]));
  });

  it("excuses a directory's times, but not where the job set them", () => {
    const [before, after] = [
      files({ "/": [{ name: "d", mode: 0o040755 }] }),
      files({ "/": [{ name: "d", mode: 0o040755, changed: 1 }] }),
    ];
    expect(compare(before, after, { touches: { "/d": [touch(job, ["modified"])] } }).verdict).toBe("clean");
    expect(whose(compare(before, after, { touches: { "/d": [touch(job, ["attributes"])] } }))).toEqual([["/d", "job"]]);
  });
});
