import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { unifiedRoot } from "./collectors/cgroups.ts";
import { readProcess } from "./collectors/processes.ts";
import { RunCgroup } from "./commands/run-cgroup.ts";
import { type SnapshotOptions, settleAndCompare, takeSnapshot } from "./scanner.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const isRoot = process.geteuid?.() === 0;
const { runId } = contextFixture();
const marked = { HOUSEGUEST_RUN: runId };

/** Looks before and after, at the whole host unless less is asked for; the plants are gone when the test ends. */
async function plantAndLook(
  plant: () => Promise<void> | void,
  { cgroupPrefixes = [], ...narrowed }: SnapshotOptions & { readonly cgroupPrefixes?: string[] } = {},
): Promise<ResidueReport> {
  const before = await takeSnapshot(narrowed);
  const windowFromMs = Date.now();
  await plant();
  const context = contextFixture({ windowFromMs, windowToMs: Date.now(), cgroupPrefixes });
  return (await settleAndCompare(before, context)).report;
}

function at(report: ResidueReport, location: string): Finding {
  const finding = report.findings.find((one) => one.location === location);
  if (finding === undefined)
    throw new Error(`${location} is not among ${report.findings.map((one) => one.location).join(", ")}`);
  return finding;
}

function kindsOf({ attribution }: Finding): string[] {
  return attribution.evidence.map(({ kind }) => kind);
}

describe("the whole host, read twice", () => {
  it("is the same when nobody does anything", async () => {
    const before = await takeSnapshot();
    const { report } = await settleAndCompare(before, contextFixture({ policy: "developer" }));
    expect(report.findings.map(({ subject, attribution }) => [subject, attribution])).toEqual([]);
    expect(report.verdict).toBe(isRoot ? "clean" : "partial");
    expect(report.surfaces.find(({ surface }) => surface === "files")?.factsAfter).toBeGreaterThan(10_000);
  });
});

// What its plants need of the host besides files: the walk of all of them is in the first test, and in those of `scenarios`.
describe("planted on the host, this is found, named and attributed:", () => {
  it("files in temporary places, in memory too, and the mode of one that was there (case 63)", async () => {
    const [temporary, existing] = [join(temporaryDirectory(), "left\n1"), join(temporaryDirectory(), "existing")];
    const hidden = `/dev/shm/.houseguest-test-${process.pid}`;
    const hasShm = existsSync("/dev/shm");
    writeFileSync(existing, "");
    const report = await plantAndLook(() => {
      writeFileSync(temporary, "x");
      chmodSync(existing, 0o777);
      if (hasShm) writeFileSync(hidden, runId);
      onTestFinished(() => rmSync(hidden, { force: true }));
    });
    expect(at(report, temporary.replace("\n", "\\n"))).toMatchObject({
      change: "appeared",
      attribution: { to: "unknown" },
    });
    expect(at(report, existing)).toMatchObject({ change: "changed", changed: ["mode", "ctime"] });
    expect(hasShm ? kindsOf(at(report, hidden)) : ["content", "time"]).toEqual(["content", "time"]);
    expect(report.verdict).toBe("residue");
  });

  it("a daemon, forked twice with an empty environment, by the cgroup that it cannot leave", async (context) => {
    const cgroup = RunCgroup.create(`test-${process.pid}`);
    if (cgroup === null) return context.skip("no writable cgroup v2 here");
    onTestFinished(async () => expect(await cgroup.remove()).toBeNull());
    let pid = 0;
    const plant = async (): Promise<void> => {
      const join = `require("node:fs").writeFileSync(${JSON.stringify(`${cgroup.directory}/cgroup.procs`)}, String(process.pid));`;
      pid = await leftoverDaemon(`${join} ready()`);
    };
    const report = await plantAndLook(plant, {
      cgroupPrefixes: [cgroup.directory],
      surfaces: ["processes", "cgroups"],
    });
    const finding = at(report, `pid ${pid}, started at tick ${readProcess(pid)?.startTime}`);
    expect(finding.attribution.to).toBe("agent");
    expect(kindsOf(finding)).toEqual(["cgroup", "marker", "time"]);
    expect(finding.show).toContain(`-p ${pid}`);
  });

  it("listening sockets: tcp, udp and an abstract unix one, with who holds them", async () => {
    const name = `houseguest-test-${process.pid}`;
    let pid = 0;
    const report = await plantAndLook(
      async () => {
        pid = await leftoverDaemon(
          `const net = require("node:net");
        const datagrams = () => require("node:dgram").createSocket("udp4").bind(0, "127.0.0.1", ready);
        const abstract = () => net.createServer().listen("\\0${name}", datagrams);
        net.createServer().listen(0, "127.0.0.1", abstract);`,
          marked,
        );
      },
      { surfaces: ["processes", "sockets"] },
    );
    const held = report.findings.filter(({ surface, owner }) => surface === "sockets" && owner?.startsWith(`${pid} (`));
    expect(held.map(({ location }) => location.replace(/:\d+/, ":N").replace(/\0|@$/g, ""))).toEqual([
      "tcp 127.0.0.1:N listening",
      "udp 127.0.0.1:N bound",
      expect.stringContaining(`unix @${name}`),
    ]);
    expect(held.map(({ attribution }) => attribution.to)).toEqual(["agent", "agent", "agent"]);
    expect(held.map((finding) => kindsOf(finding).slice(0, 2))).toEqual([
      ["holder", "marker"],
      ["holder", "marker"],
      ["holder", "marker"],
    ]);
  });

  it.skipIf(!isRoot || !existsSync("/etc/cron.d"))("a crontab line (case 63; needs root and /etc/cron.d)", async () => {
    const path = `/etc/cron.d/houseguest-test-${process.pid}`;
    // The 30th of February: cron accepts it and never runs it.
    const line = `0 0 30 2 * root /opt/${runId}/agent`;
    onTestFinished(() => rmSync(path, { force: true }));
    const report = await plantAndLook(() => writeFileSync(path, `# by a test\n${line}\n`), {
      roots: ["/etc/cron.d"],
    });
    const finding = at(report, `${path}:2`);
    expect(finding).toMatchObject({
      surface: "crontabs",
      subject: `line 2 of ${path}: ${line}`,
      attribution: { to: "agent" },
    });
    expect(kindsOf(finding)).toEqual(["content"]);
    expect(finding.show).toBe(`sed -n 2p ${path}`);
    expect(report.findings.filter(({ location }) => location === path)).toEqual([]);
  });

  it("an empty control group", async (context) => {
    const root = unifiedRoot();
    const own = readProcess(process.pid)?.cgroup ?? "/";
    const directory = join(root ?? "", own, `left-by-${runId}`);
    const report = await plantAndLook(
      () => {
        try {
          mkdirSync(directory);
        } catch {
          context.skip("no writable cgroup v2 here");
        }
        onTestFinished(() => rmdirSync(directory));
      },
      { surfaces: ["cgroups"] },
    );
    expect(at(report, directory)).toMatchObject({
      surface: "cgroups",
      change: "appeared",
      attribution: { to: "agent" },
    });
    expect(readFileSync(join(directory, "cgroup.procs"), "utf8")).toBe("");
  });
});
