import { describe, expect, it } from "vitest";

import { ResidueReport } from "../../protocol/residue-report.ts";
import { type EntryFixture, packTree } from "../testing/packed-tree-fixture.ts";
import { act, recordedProcess, recordedRun, touch } from "../testing/recording-fixture.ts";
import {
  contextFixture,
  listedFixture,
  processFixture,
  snapshotFixture,
  socketFixture,
} from "../testing/snapshot-fixture.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { differencesBetween } from "./difference.ts";
import { indexTree } from "./packed-tree.ts";
import type { RecordedProcess, Recording, Touch } from "./recording.ts";
import { reportOf } from "./report.ts";
import type { Snapshot } from "./snapshot.ts";

const scanner = recordedProcess({ serial: 1, pid: 60, parent: null, isOlder: true, executable: "/usr/bin/node" });
const daemon = recordedProcess({
  ...{ serial: 2, pid: 70, parent: null, isOlder: true },
  ...{ executable: "/usr/sbin/rsyslogd", cgroup: "/system/rsyslog" },
});
const cron = recordedProcess({ serial: 3, pid: 80, parent: null, isOlder: true, executable: "/usr/sbin/cron" });
const command = recordedProcess({ serial: 4, parent: 1, executable: "/bin/sh" });
const existing = [scanner, daemon, cron, command];
const job = 4;
const foreign = 2;

interface Told extends Pick<AttributionContext, "canaries" | "waivers">, Partial<Omit<Recording, "processes">> {
  readonly came?: readonly RecordedProcess[];
  readonly touches?: Readonly<Record<string, readonly Touch[]>>;
}

function compare(
  before: Partial<Snapshot>,
  after: Partial<Snapshot>,
  { came = [], canaries, waivers, ...told }: Told,
): ResidueReport {
  const own = [processFixture({ pid: scanner.pid })];
  const watching = { scanner: own.map(({ pid, startTime }) => ({ pid, startTime })) };
  const one = snapshotFixture({ ...watching, processes: own, ...before });
  const other = snapshotFixture({ ...watching, processes: own, ...after });
  const report = reportOf({
    before: one,
    after: other,
    context: contextFixture({
      processes: [{ pid: command.pid, startTime: String(command.startTime), role: "job" }],
      ...(canaries !== undefined && { canaries }),
      ...(waivers !== undefined && { waivers }),
    }),
    differences: differencesBetween(one, other),
    inspections: new Map(),
    userName: String,
    recorded: recordedRun([...existing, ...came], told),
  });
  return ResidueReport.parse(report);
}

const files = (directories: Readonly<Record<string, readonly EntryFixture[]>>) => ({
  files: indexTree(packTree(directories)),
});
const whose = ({ findings }: ResidueReport) => findings.map(({ location, attribution }) => [location, attribution.to]);
const excusedBy = ({ excused }: ResidueReport) => excused.map(({ rule }) => rule);

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

  it("is the job's alone when the others' touch was of an earlier file of that name", () => {
    const born = files({ "/d": [{ name: "x", born: 2, changed: 2 }] });
    const touches = { "/d/x": [touch(foreign, ["created", "deleted"], 1_000), touch(job, ["created"], 2_000)] };
    expect(whose(compare(files({ "/d": [] }), born, { touches }))).toEqual([["/d/x", "job"]]);
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

  it("is told of what is seen under the same names since one directory is in another's place", () => {
    const directory = { name: "d", mode: 0o040755 };
    const before = files({ "/": [{ ...directory, ino: 1 }], "/d": [{ name: "x", ino: 2 }, "old"] });
    const after = files({ "/": [{ ...directory, ino: 3 }], "/d": [{ name: "x", ino: 4 }, "new"] });
    const moved = (by: number) => ({ touches: { "/d": [touch(by, ["moved-from", "moved-to"])] } });
    expect(whose(compare(before, after, moved(job)))).toEqual([
      ["/d", "job"],
      ["/d/new", "job"],
      ["/d/old", "job"],
      ["/d/x", "job"],
    ]);
    expect(compare(before, after, moved(foreign)).verdict).toBe("clean");
    expect(whose(compare(before, after, { touches: { "/d": [touch(foreign, ["modified"])] } }))).toHaveLength(4);
  });

  it("takes it from what lies on an image who changed the image", () => {
    const listed = {
      storage: [listedFixture({ key: "loop0", location: "/dev/loop0", attributes: { backing: "/d/image" } })],
      mounts: [listedFixture({ key: "/mnt", attributes: { source: "/dev/loop0" } })],
    };
    const image = { name: "image", size: 4 };
    const top = { name: "mnt", mode: 0o040755 };
    const before = { listed, ...files({ "/": [top], "/d": [image], "/mnt": [] }) };
    const now = files({ "/": [{ ...top, changed: 1 }], "/d": [{ ...image, changed: 1 }], "/mnt": ["x"] });
    const after = { listed, ...now };
    const put = (by: number) => ({
      touches: { "/mnt/x": [touch(by, ["created"])], "/mnt": [touch(by, ["modified"])] },
    });
    expect(whose(compare(before, after, put(job)))).toEqual([
      ["/d/image", "job"],
      ["/mnt/x", "job"],
    ]);
    expect(compare(before, after, put(foreign)).verdict).toBe("clean");
    const written = { touches: { ...put(foreign).touches, "/dev/loop0": [touch(job, ["modified"])] } };
    expect(whose(compare(before, after, written))).toEqual([["/d/image", "shared"]]);
    // The device came with the run, so nobody knows what was on it.
    expect(whose(compare({ ...before, listed: {} }, after, put(foreign)))).toContainEqual(["/d/image", "unknown"]);
  });

  it("is told of a file by who wrote to it under another name", () => {
    const linked = (size: number) =>
      files({ "/d": [{ name: "x", ino: 5, links: 2, size }], "/e": [{ name: "y", ino: 5, links: 2, size }] });
    const wrote = (by: number) => ({ touches: { "/e/y": [touch(by, ["modified"])] } });
    expect(whose(compare(linked(0), linked(4), wrote(job)))).toEqual([
      ["/d/x", "job"],
      ["/e/y", "job"],
    ]);
    expect(compare(linked(0), linked(4), wrote(foreign)).verdict).toBe("clean");
  });

  it("asks who put a loop device into a file to which only the kernel's threads wrote", () => {
    const kthreadd = recordedProcess({ serial: 30, pid: 2, parent: null, isOlder: true, executable: null });
    const thread = recordedProcess({ serial: 31, parent: 30, executable: null });
    const mount = (serial: number, parent: number, image: string) =>
      recordedProcess({ serial, parent, commandLine: `mount -o loop ${image} /mnt` });
    const came = [kthreadd, thread, mount(40, job, "/d/x"), mount(50, foreign, "/d/y")];
    const changed = { size: 4, changed: 1 };
    const [before, after] = [
      files({ "/d": ["x", "y"] }),
      files({ "/d": ["x", "y"].map((name) => ({ name, ...changed })) }),
    ];
    const touches = { "/d/x": [touch(31, ["modified"])], "/d/y": [touch(31, ["modified"])] };
    const attach = { parameters: { command: "LOOP_CONFIGURE" }, returned: null };
    const acts = [act(40, "ioctl", attach), act(50, "ioctl", attach)];
    expect(whose(compare(before, after, { came, touches, acts }))).toEqual([["/d/x", "job"]]);
  });

  it("tells by the time of each call who set which file's flags", () => {
    const flagged = (name: string, changed: number) => ({ name, flags: 0x10, changed });
    const [before, after] = [files({ "/d": ["x", "y"] }), files({ "/d": [flagged("x", 1), flagged("y", 2)] })];
    const set = { parameters: { command: "FS_IOC_SETFLAGS" }, returned: null };
    const acts = [act(foreign, "ioctl", { ...set, atMs: 1_000 }), act(job, "ioctl", { ...set, atMs: 2_000 })];
    expect(whose(compare(before, after, { acts }))).toEqual([["/d/y", "job"]]);
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

  it("excuses a directory's times, but not where the job set them", () => {
    const [before, after] = [
      files({ "/": [{ name: "d", mode: 0o040755 }] }),
      files({ "/": [{ name: "d", mode: 0o040755, changed: 1 }] }),
    ];
    expect(compare(before, after, { touches: { "/d": [touch(job, ["modified"])] } }).verdict).toBe("clean");
    expect(whose(compare(before, after, { touches: { "/d": [touch(job, ["attributes"])] } }))).toEqual([["/d", "job"]]);
  });
});

describe("whose a thing is that is no file, by who called the kernel for it", () => {
  const other = recordedProcess({ serial: 9, parent: 2, commandLine: "mount -t tmpfs none /mnt/other" });
  const own = recordedProcess({ serial: 10, parent: 4, commandLine: "mount -t tmpfs none /mnt/own" });
  const mounts = (...points: string[]) => ({ listed: { mounts: points.map((key) => listedFixture({ key })) } });

  it("goes by the process whose words name it, where the kind of the call is all that is known", () => {
    const acts = [act(9, "mount"), act(10, "mount")];
    const report = compare(mounts(), mounts("/mnt/own", "/mnt/other"), { came: [other, own], acts });
    expect(whose(report)).toEqual([["/mnt/own", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("is shared when one of several did it and nothing tells which", () => {
    const acts = [act(9, "mount"), act(10, "mount")];
    expect(whose(compare(mounts(), mounts("/mnt/x"), { came: [other, own], acts }))).toEqual([["/mnt/x", "shared"]]);
  });

  it("does not blame one whose words name another thing that differs", () => {
    const acts = [act(foreign, "mount"), act(10, "mount")];
    const report = compare(mounts(), mounts("/mnt/own", "/mnt/x"), { came: [own], acts });
    expect(whose(report)).toEqual([["/mnt/own", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });

  it("does not take the harness for who did it by the kind of a call alone", () => {
    expect(whose(compare(mounts(), mounts("/mnt/x"), { acts: [act(1, "mount")] }))).toEqual([["/mnt/x", "unknown"]]);
    const acts = [act(1, "mount"), act(foreign, "mount")];
    expect(compare(mounts(), mounts("/mnt/x"), { acts }).verdict).toBe("clean");
    expect(whose(compare(mounts(), mounts("/mnt/x"), { acts: [act(1, "mount"), act(job, "mount")] }))).toEqual([
      ["/mnt/x", "job"],
    ]);
  });

  it("does not take who made a mount point for who mounted", () => {
    expect(whose(compare(mounts(), mounts("/mnt/x"), { touches: { "/mnt/x": [touch(job, ["created"])] } }))).toEqual([
      ["/mnt/x", "unknown"],
    ]);
  });

  it("does not ask who failed", () => {
    const acts = [act(9, "mount"), act(10, "mount", { returned: -1 })];
    expect(compare(mounts(), mounts("/mnt/x"), { came: [other, own], acts }).verdict).toBe("clean");
  });

  it.each([
    ["ipc", "shm 5", "shmget", { returned: 5 }, { returned: 6 }],
    ["keys", "3a0000ff", "add_key", { returned: 0x3a0000ff }, { returned: 7 }],
  ] as const)("goes by the number that the kernel gave: %s", (surface, key, call, fits, fitsNot) => {
    const listed = { listed: { [surface]: [listedFixture({ key })] } };
    expect(whose(compare({}, listed, { acts: [act(job, call, fits)] }))).toEqual([[key, "job"]]);
    expect(whose(compare({}, listed, { acts: [act(job, call, fitsNot)] }))).toEqual([[key, "unknown"]]);
  });

  it("goes by who wrote to the file of a line or of a setting", () => {
    const line = listedFixture({ key: "/etc/hosts: 1.2.3.4 x", file: "/etc/hosts", location: "/etc/hosts:1" });
    const setting = listedFixture({ key: "net.x", location: "/proc/sys/net/x" });
    const after = { listed: { configuration: [line], sysctls: [setting] } };
    const touches = {
      "/etc/hosts": [touch(job, ["modified"]), touch(foreign, ["modified"])],
      "/proc/sys/net/x": [touch(job, ["modified"])],
    };
    expect(whose(compare({}, after, { touches }))).toEqual([
      ["/proc/sys/net/x", "job"],
      ["/etc/hosts:1", "shared"],
    ]);
  });

  it("goes for a setting by the run's command line that names it, and never excuses one by others'", () => {
    const after = { listed: { sysctls: [listedFixture({ key: "net.x", location: "/proc/sys/net/x" })] } };
    const setting = (parent: number) => ({
      came: [recordedProcess({ serial: 9, parent, commandLine: "sysctl -w net.x=1" })],
    });
    expect(whose(compare({}, after, setting(4)))).toEqual([["/proc/sys/net/x", "job"]]);
    expect(whose(compare({}, after, setting(2)))).toEqual([["/proc/sys/net/x", "unknown"]]);
  });

  it("goes by who wrote to a setting, whoever has a socket by which the network is set", () => {
    const valued = (value: string) => ({
      listed: { sysctls: [listedFixture({ key: "net.x", location: "/proc/sys/net/x", attributes: { value } })] },
    });
    const route = { parameters: { family: "AF_NETLINK", protocol: "NETLINK_ROUTE" }, returned: 3 };
    const wrote = (by: number) => ({ "/proc/sys/net/x": [touch(by, ["modified"])] });
    const whoseIs = (by: number, other: number) =>
      compare(valued("1"), valued("2"), { touches: wrote(by), acts: [act(other, "socket", route)] });
    expect(whose(whoseIs(job, foreign))).toEqual([["/proc/sys/net/x", "job"]]);
    expect(whoseIs(foreign, job)).toMatchObject({ verdict: "clean", findings: [] });
  });

  it("tells who ended the service whose socket is gone, when every call was seen", () => {
    const own = processFixture({ pid: scanner.pid });
    const server = processFixture({ pid: daemon.pid, startTime: String(daemon.startTime) });
    const before = {
      processes: [own, server],
      sockets: [socketFixture({ key: "tcp 1 listening", owners: [daemon.pid] })],
    };
    const acts = [act(job, "kill", { parameters: { pid: String(daemon.pid), signal: "SIGTERM" } })];
    const sockets = ({ findings }: ResidueReport) => findings.filter(({ surface }) => surface === "sockets");
    expect(sockets(compare(before, {}, { acts }))).toMatchObject([{ attribution: { to: "job" } }]);
    expect(sockets(compare(before, {}, {}))).toEqual([]);
    const unseen = [{ source: "calls", status: "partial", detail: "", events: 0 }] as const;
    expect(sockets(compare(before, {}, { sources: unseen }))).toMatchObject([{ attribution: { to: "unknown" } }]);
  });

  it("tells whose a socket is though its holder ended before processes were read", () => {
    const held = { sockets: [socketFixture({ key: "tcp 1 listening", owners: [daemon.pid] })] };
    expect(excusedBy(compare({}, held, {}))).toEqual(["foreign-process"]);
  });

  it("tells of a process that the job ended, though it is gone", () => {
    const victim = processFixture({ pid: 500 });
    const own = processFixture({ pid: scanner.pid });
    const acts = [act(job, "kill", { parameters: { pid: "500", signal: "SIGKILL" } })];
    expect(compare({ processes: [own, victim] }, {}, { acts }).findings).toMatchObject([
      { change: "vanished", attribution: { to: "job" } },
    ]);
    expect(compare({ processes: [own, victim] }, {}, {}).verdict).toBe("clean");
  });
});

describe("a mount point that shows another directory than before", () => {
  const mount = { listed: { mounts: [listedFixture({ key: "/d/m", location: "/d/m" })] } };
  const at = (ino: number) => files({ "/d": [{ name: "m", mode: 0o040755, ino }] });
  const mounted = (by: number) => ({ acts: [act(by, "mount", { parameters: { targets: "/d/m" }, returned: 0 })] });

  it("is whose the mount is", () => {
    const told = compare(at(5), { ...at(6), ...mount }, mounted(job));
    expect(new Set(whose(told).map(([, to]) => to))).toEqual(new Set(["job"]));
    expect(compare(at(5), { ...at(6), ...mount }, mounted(foreign))).toMatchObject({ verdict: "clean", findings: [] });
  });
});

describe("lines of a file that several wrote", () => {
  const line = (text: string) => listedFixture({ key: `/etc/hosts: ${text}`, location: text, file: "/etc/hosts" });
  const hosts = (...texts: string[]) => ({ listed: { configuration: texts.map(line) } });
  const touches = { "/etc/hosts": [touch(job, ["modified"]), touch(foreign, ["modified"])] };
  const lines = new Map([
    ["/etc/hosts: ours", { by: [job], atMs: 1_200 }],
    ["/etc/hosts: theirs", { by: [foreign], atMs: 1_300 }],
  ]);

  it("are whose who wrote each, and shared where nobody saw that", () => {
    expect(whose(compare(hosts(), hosts("ours", "theirs"), { touches, lines }))).toEqual([["ours", "job"]]);
    expect(whose(compare(hosts(), hosts("ours", "theirs"), { touches }))).toEqual([
      ["ours", "shared"],
      ["theirs", "shared"],
    ]);
  });

  it("are the job's that is the only one who was seen to touch the file, whoever a line seemed to be of", () => {
    const alone = { "/etc/hosts": [touch(job, ["modified"])] };
    expect(whose(compare(hosts(), hosts("theirs"), { touches: alone, lines }))).toEqual([["theirs", "job"]]);
  });

  it("are told of crontabs, too", () => {
    const [file, key] = ["/etc/crontab", "/etc/crontab: * * * * * root x"];
    const crontabs = [{ key, file, line: 1, text: "* * * * * root x", user: null }];
    const told = {
      touches: { [file]: touches["/etc/hosts"] },
      lines: new Map([[key, { by: [foreign], atMs: 1_200 }]]),
    };
    expect(compare({}, { crontabs }, told)).toMatchObject({ verdict: "clean" });
  });
});

describe("a package among others in one database", () => {
  const status = "/var/lib/dpkg/status";
  const packages = (...names: string[]) => ({
    listed: { packages: names.map((name) => listedFixture({ key: `dpkg ${name}:all`, location: name, file: status })) },
  });

  it("is whose its own files are, although both wrote the database", () => {
    const report = compare(packages(), packages("ours", "theirs"), {
      touches: {
        [status]: [touch(job, ["moved-to"]), touch(foreign, ["moved-to"])],
        "/var/lib/dpkg/info/ours.list": [touch(job, ["moved-to"])],
        "/var/lib/dpkg/info/theirs.list": [touch(foreign, ["moved-to"])],
      },
    });
    expect(whose(report)).toEqual([["ours", "job"]]);
    expect(excusedBy(report)).toEqual(["foreign-process"]);
  });
});

describe("the out-of-memory score of a process that ran before", () => {
  const [own, path] = [processFixture({ pid: scanner.pid }), "/proc/500/oom_score_adj"];
  const scored = (oomScoreAdjust: number) => ({ processes: [own, processFixture({ pid: 500, oomScoreAdjust })] });
  const report = (told: Told) => compare(scored(0), scored(300), told);

  it("is the job's when the job set it, and not excused because the process is older", () => {
    const { findings } = report({ touches: { [path]: [touch(job, ["modified"])] } });
    expect(findings).toMatchObject([{ surface: "processes", change: "changed", attribution: { to: "job" } }]);
  });

  it("is excused when only others set it", () => {
    const told = report({ touches: { [path]: [touch(foreign, ["modified"])] } });
    expect([told.verdict, excusedBy(told)]).toEqual(["clean", ["foreign-process"]]);
    expect(told.excused[0]?.examples[0]).toContain("process 70 (/usr/sbin/rsyslogd) of somebody else");
  });

  it("stays unexplained when nobody was seen to", () => {
    expect(report({}).findings).toMatchObject([{ attribution: { to: "unknown" } }]);
  });
});

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

describe("a recorder that did not see everything", () => {
  const source = (status: "lost" | "partial" | "not-permitted" | "off") =>
    ({ source: "files", status, detail: "why", events: 0 }) as const;

  it.each([
    ["lost", "unknown", "the recorder lost events of: files"],
    ["partial", "partial", "not all that was done could be recorded (files)"],
    ["not-permitted", "partial", "not all that was done could be recorded (files)"],
    ["off", "partial", "whose doing anything was, was not recorded"],
  ] as const)("that is %s is never clean", (status, verdict, words) => {
    const report = compare({}, {}, { sources: [source(status)] });
    expect(report.verdict).toBe(verdict);
    expect(report.summary).toBe(`Nothing was found, but ${words}.`);
    expect(report.recorder).toEqual([source(status)]);
  });
});

describe("what the scanner planted itself", () => {
  const canaries = [
    { side: "job", path: "/d/a" },
    { side: "foreign", path: "/d/b" },
  ] as const;
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["a", "b"] })];
  const right = { "/d/a": [touch(job, ["created"])], "/d/b": [touch(foreign, ["created"])] };

  it("is no finding when it was found and taken for whose it is", () => {
    const report = compare(before, after, { canaries, touches: right });
    expect([report.verdict, report.findings, report.excused]).toEqual(["clean", [], []]);
    expect(report.canaries?.map(({ to, isRight }) => [to, isRight])).toEqual([
      ["job", true],
      ["background", true],
    ]);
  });

  it.each([
    ["not found", files({ "/d": ["b"] }), right],
    ["taken for somebody else's", after, { ...right, "/d/b": right["/d/a"] }],
    ["taken for nobody's", after, { "/d/b": right["/d/b"] }],
  ] as const)("makes the verdict unknown when it was %s", (_, seen, touches) => {
    const { verdict, summary } = compare(before, seen, { canaries, touches });
    expect(verdict).toBe("unknown");
    expect(summary).toContain("the scanner did not find its own canaries as whose they are");
  });
});

describe("a finding that a waiver covers", () => {
  it("does not count, and is told with the waiver", () => {
    const waivers = [{ finding: "files:/d/*", reason: "a cache that is emptied weekly", expires: "2026-12-31" }];
    const report = compare(files({ "/d": [] }), files({ "/d": ["x"] }), { waivers });
    expect([report.verdict, report.findings]).toEqual(["clean", []]);
    expect(report.summary).toBe(
      "Nothing is left that counts, and every surface was seen. 1 finding does not count by a waiver.",
    );
    expect(report.waivers).toMatchObject([{ ...waivers[0], findings: [{ id: "files:/d/x" }] }]);
  });
});
