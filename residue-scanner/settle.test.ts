import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import type { Finding, ResidueReport } from "../protocol/residue-report.ts";
import { unrecorded } from "./core/unrecorded.ts";
import { settleAndCompare, takeSnapshot } from "./scanner.ts";
import { fingerprintOf, hasSettled } from "./settle.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const files = (root: string) => ({ roots: [root], surfaces: ["files"], workers: 1 }) as const;

describe("settling", () => {
  it("is done after one reading that finds nothing", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    const { report, after } = await settleAndCompare(before, contextFixture(), { workers: 1 });
    expect(report).toMatchObject({ readings: 1, findings: [] });
    expect(after.scope).toEqual(before.scope);
  });

  it("is done when two readings agree about what is left", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    mkdirSync(join(root, "d"));
    writeFileSync(join(root, "d/left"), "");
    const { report } = await settleAndCompare(before, contextFixture(), { workers: 1 });
    expect(report.readings).toBe(2);
    expect(report.findings.map(({ location }) => location)).toEqual([join(root, "d")]);
  });

  it("forgets what is gone by the next reading, directories with all that was in them too", async () => {
    const root = temporaryDirectory();
    const before = await takeSnapshot(files(root));
    mkdirSync(join(root, "d/e"), { recursive: true });
    writeFileSync(join(root, "d/e/f"), "");
    const onReading = () => rmSync(join(root, "d"), { recursive: true, force: true });
    const { report } = await settleAndCompare(before, contextFixture(), { workers: 1, onReading });
    expect(report).toMatchObject({ readings: 2, findings: [] });
  });

  describe("with somebody who tells where the run goes on to change something", () => {
    const recorder = (answers: readonly (() => readonly string[])[]) => {
      const left = [...answers];
      return { ...unrecorded(""), askChangedDirectories: async () => left.shift()?.() ?? [] };
    };
    const late = (root: string) => {
      writeFileSync(join(root, "known/late"), "");
      return [join(root, "known")];
    };

    it("finds what was written behind the first reading's back, though nothing else differs", async () => {
      const root = temporaryDirectory();
      mkdirSync(join(root, "known"));
      const before = await takeSnapshot(files(root));
      // The first answer only begins; the next one comes when all has been read.
      const told = recorder([() => [], () => late(root)]);
      const { report } = await settleAndCompare(before, contextFixture(), { workers: 1, recorder: told });
      expect(report.findings.map(({ location }) => location)).toContain(join(root, "known/late"));
    });

    it("finds what is written between two readings, in a directory that was as before", async () => {
      const root = temporaryDirectory();
      for (const name of ["known", "other"]) mkdirSync(join(root, name));
      const before = await takeSnapshot(files(root));
      writeFileSync(join(root, "other/left"), "");
      const told = recorder([() => [], () => [], () => late(root)]);
      const { report } = await settleAndCompare(before, contextFixture(), { workers: 1, recorder: told });
      const found = report.findings.map(({ location }) => location);
      expect(found).toEqual(expect.arrayContaining([join(root, "other/left"), join(root, "known/late")]));
    });

    it("stays within what it was asked to read", async () => {
      const [root, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
      mkdirSync(join(elsewhere, "known"));
      const before = await takeSnapshot(files(root));
      const told = recorder([() => [], () => late(elsewhere)]);
      const { report } = await settleAndCompare(before, contextFixture(), { workers: 1, recorder: told });
      expect(report.findings).toEqual([]);
    });
  });

  it("gives a process that is about to end the time to do so", async () => {
    const surfaces = ["processes"] as const;
    const before = await takeSnapshot({ surfaces });
    const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ofChild = ({ findings }: ResidueReport) => findings.filter(({ after }) => after?.["pid"] === child.pid);
    const seen: number[] = [];
    const readMs: number[] = [];
    const onReading = (report: ResidueReport) => {
      readMs.push(performance.now());
      // It ends once two readings agree about it.
      if (seen.push(ofChild(report).length) === 2) child.stdin.end();
    };
    const { report } = await settleAndCompare(before, contextFixture(), { surfaces, onReading });
    expect(seen.slice(0, 2)).toEqual([1, 1]);
    // Where two readings take longer than what may end by itself is given, it was given that.
    const apartMs = (readMs[1] ?? 0) - (readMs[0] ?? 0);
    expect(ofChild(report).length === 0 || apartMs >= 990).toBe(true);
  });

  it("finds no process of a job that ends while it looks, however long process 1 takes to collect it", async () => {
    const surfaces = ["processes"] as const;
    const fifo = join(temporaryDirectory(), "fifo");
    spawnSync("mkfifo", [fifo]);
    // Both ends, so that neither side waits for the other to open it.
    const end = openSync(fifo, constants.O_RDWR);
    try {
      const before = await takeSnapshot({ surfaces });
      const opener = spawn("sh", ["-c", '(read -r line < "$1" &)', "sh", fifo], { stdio: "ignore", detached: true });
      const session = opener.pid as number;
      await once(opener, "exit");
      const context = contextFixture({
        processes: [{ pid: session, startTime: "0", role: "job", sessionId: session }],
      });
      const ofSession = ({ findings }: ResidueReport) => findings.filter(({ after }) => after?.["session"] === session);
      const seen: number[] = [];
      const onReading = (report: ResidueReport) => {
        // It ends once it was seen.
        if (seen.push(ofSession(report).length) === 1) writeSync(end, "\n");
      };
      const fromMs = performance.now();
      const { report } = await settleAndCompare(before, context, { surfaces, onReading });
      expect(seen[0]).toBe(1);
      // Where process 1 takes longer than anybody waits, that is the whole truth.
      const isCollected = ofSession(report).length === 0;
      expect(isCollected || performance.now() - fromMs >= 10_000).toBe(true);
    } finally {
      closeSync(end);
    }
  });

  it.each([
    ["a file", { surface: "files", after: null }, 0, true],
    ["a process", { surface: "processes", after: { state: "S", parent: 1 } }, 999, false],
    ["a process", { surface: "processes", after: { state: "S", parent: 1 } }, 1_000, true],
    [
      "one that has ended, and whose parent lives",
      { surface: "processes", after: { state: "Z", parent: 2 } },
      1_000,
      true,
    ],
    ["one that process 1 has yet to collect", { surface: "processes", after: { state: "Z", parent: 1 } }, 9_000, false],
    [
      "one that process 1 has yet to collect, and that is nothing of ours",
      { surface: "processes", after: { state: "Z", parent: 1 }, attribution: { to: "background", evidence: [] } },
      1_000,
      true,
    ],
  ])("two readings that agree about %s %j after %i ms: settled %s", (_what, found, waitedMs, settled) => {
    const plain = { id: "1", change: "appeared", changed: [], attribution: { to: "job", evidence: [] } };
    const report = { findings: [{ ...plain, ...found } as unknown as Finding] };
    expect(hasSettled({ last: fingerprintOf(report), report, waitedMs })).toBe(settled);
    expect(hasSettled({ last: fingerprintOf({ findings: [] }), report, waitedMs })).toBe(false);
  });

  it("begins no reading after its bound when what may end by itself stays, and reports it", async () => {
    const surfaces = ["sockets"] as const;
    const before = await takeSnapshot({ surfaces });
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const endedMs: number[] = [];
    const onReading = () => void endedMs.push(performance.now());
    const boundMs = 300;
    const { report } = await settleAndCompare(before, contextFixture(), { surfaces, boundMs, onReading });
    // Each follows at once on the end of the one before it; without the bound there would be more for a second.
    const lastBeganMs = (endedMs.at(-2) ?? Infinity) - (endedMs[0] ?? 0);
    expect(lastBeganMs).toBeLessThan(boundMs);
    expect(report.findings.some(({ location }) => location.includes(`127.0.0.1:${port}`))).toBe(true);
  });
});
