import { describe, expect, it, vi } from "vitest";

import { ResidueReport } from "../../protocol/residue-report.ts";
import { packTree } from "../testing/packed-tree-fixture.ts";
import {
  contextFixture,
  listedFixture,
  processFixture,
  snapshotFixture,
  socketFixture,
} from "../testing/snapshot-fixture.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { differencesBetween } from "./difference.ts";
import { surfaces as allSurfaces } from "./fact.ts";
import { indexTree } from "./packed-tree.ts";
import { reportOf } from "./report.ts";
import type { Snapshot } from "./snapshot.ts";
import { atOnce } from "./steps.ts";

const userNameOf = (uid: number) => (uid === 0 ? "root" : `uid ${uid}`);

function compare(
  before: Partial<Snapshot>,
  after: Partial<Snapshot>,
  parts: Partial<AttributionContext> = {},
  userName = userNameOf,
) {
  const [one, other] = [snapshotFixture(before), snapshotFixture(after)];
  const report = reportOf({
    before: one,
    after: other,
    context: contextFixture(parts),
    differences: atOnce(differencesBetween(one, other)),
    inspections: new Map(),
    userName,
  });
  return ResidueReport.parse(atOnce(report));
}

const files = (directories: Parameters<typeof packTree>[0]) => indexTree(packTree(directories));

describe("a residue report", () => {
  it("is clean when nothing differs and everything was seen", () => {
    const { verdict, findings, surfaces } = compare({}, {});
    expect(verdict).toBe("clean");
    expect(findings).toEqual([]);
    expect(surfaces.map(({ surface }) => surface)).toEqual([...allSurfaces]);
  });

  it("counts what changed in a directory where more differs than it lists", () => {
    const crowd = Array.from({ length: 20_010 }, (_, index) => `n${index}`);
    const changed = crowd.map((name) => ({ name, size: 1 }));
    const { findings, surfaces } = compare({ files: files({ "/a": crowd }) }, { files: files({ "/a": changed }) });
    expect(findings).toMatchObject([
      { subject: "20010 entries of the directory /a that changed", attribution: { to: "unknown" } },
    ]);
    expect(surfaces.find(({ surface }) => surface === "files")?.status).toBe("done");
  });

  it("tells what came to a listed surface, what was changed there and by what words it is whose", () => {
    const mount = (key: string, options: string) =>
      listedFixture({ key, subject: `mount on ${key}`, attributes: { options } });
    const { findings } = compare(
      { listed: { mounts: [mount("/a", "rw"), mount("/gone", "rw"), mount("/same", "rw")] } },
      {
        listed: { mounts: [mount("/a", "ro"), mount("/agent/x", "rw"), mount("/same", "rw")], ipc: [mount("1", "rw")] },
      },
      { agentPaths: ["/agent"] },
    );
    expect(findings.map(({ id, change, changed, attribution }) => [id, change, changed, attribution.to])).toEqual([
      ["mounts:/agent/x", "appeared", [], "agent"],
      ["mounts:/a", "changed", ["options"], "unknown"],
      ["mounts:/gone", "vanished", [], "unknown"],
      ["ipc:1", "appeared", [], "unknown"],
    ]);
    expect(findings[1]).toMatchObject({ before: { options: "rw" }, after: { options: "ro" } });
    expect(findings[0]?.attribution.evidence.map(({ kind }) => kind)).toEqual(["content", "time"]);
  });

  it("names a file, its owner, the evidence and a command", () => {
    const context = { agentPaths: ["/srv/agent"] };
    const { findings, verdict } = compare(
      { files: files({ "/srv/agent": [] }) },
      { files: files({ "/srv/agent": ["left it"] }) },
      context,
    );
    expect(verdict).toBe("residue");
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: "files:/srv/agent/left it",
      change: "appeared",
      location: "/srv/agent/left it",
      owner: "root",
      attribution: { to: "agent" },
      show: "stat '/srv/agent/left it'",
    });
    expect(findings[0]?.attribution.evidence[0]).toEqual({
      kind: "path",
      detail: "lies in /srv/agent, which is the agent's",
    });
  });

  it("takes the innermost of the run's directories", () => {
    const context = { harnessPaths: ["/run/1"], agentPaths: ["/run/1/agent"], jobPaths: ["/run/1/agent/jobs"] };
    const after = { files: files({ "/run/1": ["log"], "/run/1/agent": ["key"], "/run/1/agent/jobs": ["out"] }) };
    const { findings, excused } = compare({}, after, context);
    expect(findings.map(({ location, attribution }) => [location, attribution.to])).toEqual([
      ["/run/1/agent/jobs/out", "job"],
      ["/run/1/agent/key", "agent"],
    ]);
    expect(excused).toMatchObject([
      { rule: "harness-keeps", count: 1, examples: [expect.stringContaining("/run/1/log")] },
    ]);
  });

  it("takes only what the harness itself writes for the harness's, where that is named", () => {
    const harnessFiles = ["history.jsonl", "logs", "logs/*.log", "broker/", "../latest"];
    const after = {
      files: files({
        "/runs": [{ name: "latest", mode: 0o120777 }, "latest.sh"],
        "/runs/1": ["history.jsonl", "evil", { name: "logs", mode: 0o040755 }, { name: "broker", mode: 0o040755 }],
        "/runs/1/logs": ["broker.log", "evil", { name: "x.log", mode: 0o100755 }],
        "/runs/1/broker": ["store.db", { name: "blobs", mode: 0o040755 }],
        "/runs/1/broker/blobs": ["7f", { name: "setuid", mode: 0o104755 }],
      }),
    };
    const { findings, excused } = compare({}, after, { harnessPaths: ["/runs/1"], harnessFiles });
    expect(findings.map(({ location, attribution }) => [location, attribution.to].join(" ")).toSorted()).toEqual([
      "/runs/1/broker/blobs/setuid harness",
      "/runs/1/evil unknown",
      "/runs/1/logs/evil unknown",
      "/runs/1/logs/x.log harness",
      "/runs/latest.sh unknown",
    ]);
    expect(excused).toMatchObject([{ rule: "harness-keeps", count: 8 }]);
    const evil = findings.find(({ location }) => location === "/runs/1/evil");
    expect(evil?.attribution.evidence[0]?.detail).toBe(
      "lies in /runs/1, where the harness writes nothing of this name",
    );
  });

  it("counts a service that is gone, and names who served", () => {
    const served = processFixture({ pid: 70, name: "postgres" });
    const sockets = [socketFixture({ key: "tcp 127.0.0.1:5432 listening", local: "127.0.0.1:5432", owners: [70] })];
    const before = { processes: [served], sockets };
    const killed = compare(before, {});
    expect(killed.findings).toMatchObject([
      { surface: "sockets", change: "vanished", attribution: { to: "unknown", evidence: [{ kind: "holder" }] } },
    ]);
    const evidenceOf = ({ findings }: ReturnType<typeof compare>) => findings[0]?.attribution.evidence[0]?.detail;
    expect(evidenceOf(killed)).toBe("was held by process 70 (postgres), which is gone too");
    expect(evidenceOf(compare(before, { processes: [served] }))).toBe(
      "was held by process 70 (postgres), which runs on without it",
    );
    expect(compare({ ...before, scanner: [served] }, {}).findings).toEqual([]);
  });

  it.each([
    [["old"], ["old", "new"], "1 thing is left on the host: 1 unexplained."],
    [["old", "older"], [], "2 things are gone from the host: 2 unexplained."],
    [["old"], ["new", "newer"], "2 things are left on the host and 1 is gone from it: 3 unexplained."],
    [["old", "older"], ["new"], "1 thing is left on the host and 2 are gone from it: 3 unexplained."],
  ])("sums up what is left and what is gone: %j, then %j", (before, after, summary) => {
    expect(compare({ files: files({ "/x": before }) }, { files: files({ "/x": after }) }).summary).toBe(summary);
  });

  it.each([
    [0.5, "changed 500 ms before the run"],
    [0.995, "changed 0.0 s into the run"],
    [1, "changed 0.0 s into the run"],
    [3, "changed 1.0 s after the run"],
  ])("tells where in the run something changed at %d s", (changed, detail) => {
    const one = files({ "/x": [{ name: "f", size: 1 }] });
    const seconds = Math.floor(changed);
    const other = files({ "/x": [{ name: "f", changed: seconds, changedNs: Math.round((changed - seconds) * 1e9) }] });
    const { findings } = compare({ files: one }, { files: other });
    expect(findings[0]?.attribution.evidence).toEqual([{ kind: "time", detail }]);
  });

  it.each([
    ["7 hidden", "7 hidden", "7 hidden"],
    ["7 hidden", "8 hidden", "at the baseline: 7 hidden; afterwards: 8 hidden"],
    ["7 hidden", "", "at the baseline: 7 hidden"],
    ["", "8 hidden", "afterwards: 8 hidden"],
  ])("says in which reading something was not seen: %j, then %j", (old, now, detail) => {
    const reading = (text: string) =>
      allSurfaces.map((surface) => {
        const status = surface === "files" && text !== "" ? ("partial" as const) : ("done" as const);
        return { surface, status, detail: surface === "files" ? text : "", facts: 0, durationMs: 1 };
      });
    const { surfaces } = compare({ surfaces: reading(old) }, { surfaces: reading(now) });
    expect(surfaces.filter(({ status }) => status === "partial")).toMatchObject([{ surface: "files", detail }]);
  });

  it.each([
    [{ files: true }, "of files only what was asked for was read"],
    [{ sockets: false }, "this user does not see all of: sockets"],
    [{ files: false }, "this user does not see all of: files"],
    [
      { files: true, sockets: false },
      "of files only what was asked for was read, and this user does not see all of: sockets",
    ],
  ])("tells what was not asked for from what this user does not see: %j", (limits: Record<string, boolean>, words) => {
    const surfaces = allSurfaces.map((surface) => ({
      surface,
      status: surface in limits ? ("partial" as const) : ("done" as const),
      detail: surface in limits ? "some" : "",
      isNarrowed: limits[surface] === true,
      facts: 0,
      durationMs: 1,
    }));
    expect(compare({ surfaces }, { surfaces }).summary).toBe(`Nothing was found, but ${words}.`);
  });

  it("counts what nobody can explain", () => {
    const { verdict, findings } = compare({}, { processes: [processFixture({ pid: 9 })] });
    expect(verdict).toBe("residue");
    expect(findings[0]?.attribution.to).toBe("unknown");
  });

  it("folds a new directory with all that is in it", () => {
    const before = { files: files({ "/tmp": [] }) };
    const tree = {
      "/tmp": [{ name: "d", mode: 0o040755 }],
      "/tmp/d": [{ name: "e", mode: 0o040755 }],
      "/tmp/d/e": ["f", "g"],
    };
    const { findings } = compare(before, { files: files(tree) });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.subject).toContain("with 3 entries below");
    expect(findings[0]?.after).toMatchObject({ entriesBelow: 3 });
  });

  it("counts what is in a new directory and beyond what is listed, and has seen the files", () => {
    const names = Array.from({ length: 30_000 }, (_, index) => `n${index}`);
    const tree = {
      "/tmp": [{ name: "d", mode: 0o040755 }],
      "/tmp/d": [{ name: "e", mode: 0o040755 }],
      "/tmp/d/e": names,
    };
    const { findings, surfaces } = compare({ files: files({ "/tmp": [] }) }, { files: files(tree) });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.subject).toContain("with 30001 entries below");
    expect(surfaces.find(({ surface }) => surface === "files")?.status).toBe("done");
  });

  it("puts into words what it tells of, and not each of the many that are told by their directory", () => {
    const names = Array.from({ length: 500 }, (_, index) => `n${index}`);
    const tree = { "/tmp": [{ name: "d", mode: 0o040755 }], "/tmp/d": names };
    const described = vi.fn<(uid: number) => string>(userNameOf);
    const { findings } = compare({ files: files({ "/tmp": [] }) }, { files: files(tree) }, {}, described);
    expect(findings).toMatchObject([{ after: { entriesBelow: 500, examplesBelow: { length: 5 } } }]);
    expect(described.mock.calls.length).toBeLessThan(20);
  });

  it("tells of a changed crontab by its line, and not of its file again", () => {
    const line = {
      key: "/etc/cron.d/x: * * * * * root /x",
      file: "/etc/cron.d/x",
      line: 3,
      text: "* * * * * root /x",
      user: null,
    };
    const { findings, excused } = compare(
      { files: files({ "/etc/cron.d": [{ name: "x", size: 1 }] }) },
      { files: files({ "/etc/cron.d": [{ name: "x", size: 2 }] }), crontabs: [line] },
    );
    expect(findings.map(({ subject }) => subject)).toEqual(["line 3 of /etc/cron.d/x: * * * * * root /x"]);
    expect(excused.map(({ rule }) => rule)).toEqual(["told-with-crontab"]);
  });

  it("leaves the watcher's own processes out", () => {
    const watcher = processFixture({ pid: 60 });
    const { verdict } = compare({}, { processes: [watcher], scanner: [{ pid: 60, startTime: watcher.startTime }] });
    expect(verdict).toBe("clean");
  });

  it("attributes a socket to who holds it", () => {
    const holder = processFixture({ pid: 9, marks: { HOUSEGUEST_RUN: contextFixture().runId } });
    const { findings } = compare(
      {},
      { processes: [holder], sockets: [socketFixture({ key: "tcp 1 listening", owners: [9] })] },
    );
    expect(findings.map(({ surface, attribution }) => [surface, attribution.to])).toEqual([
      ["processes", "agent"],
      ["sockets", "agent"],
    ]);
    expect(findings[1]).toMatchObject({ owner: "9 (program)" });
  });

  it.each([
    ["", "connected unix socket without a name", "ss -xap | grep -wE '70|71'"],
    ["/run/it's.sock", "connected unix socket /run/it's.sock", "ss -xapn | grep -F -e '/run/it'\\''s.sock'"],
  ])("shows the socket %j by a command that finds that one", (local, subject, show) => {
    const shown = socketFixture({ key: "unix #70", protocol: "unix", state: "connected", local, inodes: [70, 71] });
    expect(compare({}, { sockets: [shown] }).findings).toMatchObject([{ subject, show }]);
  });

  it("takes a socket for somebody else's when an ordinary user cannot see who holds it", () => {
    const hidden = { sockets: [socketFixture({ key: "unix (unnamed) connected #7", owners: null })] };
    expect(compare({ uid: 1000 }, { ...hidden, uid: 1000 }).excused).toMatchObject([{ rule: "foreign-process" }]);
    expect(compare({}, hidden).findings).toMatchObject([{ attribution: { to: "unknown" } }]);
  });

  it("attributes a control group to the processes in it, and an empty one to nobody", () => {
    const daemon = processFixture({ pid: 70 });
    const guest = processFixture({ pid: 71, parent: 70, cgroup: "/login/3" });
    const before = { processes: [daemon] };
    const cgroups = [...snapshotFixture().cgroups, { path: "/login/3", directory: "/sys/fs/cgroup/login/3", inode: 5 }];
    expect(compare(before, { processes: [daemon, guest], cgroups }).findings).toEqual([]);
    const marked = { ...guest, marks: { HOUSEGUEST_RUN: contextFixture().runId } };
    const { findings } = compare(before, { processes: [daemon, marked], cgroups });
    expect(findings.map(({ surface, attribution }) => [surface, attribution.to])).toEqual([
      ["processes", "agent"],
      ["cgroups", "agent"],
    ]);
    expect(compare(before, { processes: [daemon], cgroups }).findings).toMatchObject([
      { attribution: { to: "unknown" } },
    ]);
  });
});

describe("snapshots that cannot be compared", () => {
  const surface = { surface: "files", status: "failed", detail: "disk on fire", facts: 0, durationMs: 0 } as const;
  it.each<[string, Partial<Snapshot>]>([
    ["of two boots", { bootId: "other" }],
    ["of two hosts", { host: "other" }],
    ["by two users", { uid: 1 }],
    ["of different directories", { scope: ["/tmp"] }],
    ["read in two ways", { filesReader: "portable" }],
    [
      "with a surface that failed",
      { surfaces: [...snapshotFixture().surfaces.filter((one) => one.surface !== "files"), surface] },
    ],
    ["with a surface missing", { surfaces: snapshotFixture().surfaces.slice(1) }],
  ])("%s give unknown, never clean", (_, after) => {
    expect(compare({}, after).verdict).toBe("unknown");
  });

  it("give partial when a surface is not all visible, and say why", () => {
    const surfaces = snapshotFixture().surfaces.map((one) => ({
      ...one,
      status: "partial" as const,
      detail: "no access",
    }));
    const { verdict, summary } = compare({}, { surfaces });
    expect(verdict).toBe("partial");
    expect(summary).toContain("files, processes, sockets, crontabs, cgroups");
  });
});
