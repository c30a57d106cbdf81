import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { indexTree } from "./core/packed-tree.ts";
import { loadSnapshot, saveSnapshot } from "./scanner.ts";
import { packTree } from "./testing/packed-tree-fixture.ts";
import { runResidue } from "./testing/run-residue.ts";
import { snapshotFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { canTrace, type TracedRun, traceResidue } from "./testing/traced-residue.ts";
import { lackForCalls, withInstances } from "./testing/watched-calls.ts";

function grown(): string {
  const root = temporaryDirectory();
  for (let index = 0; index < 30; index += 1) {
    mkdirSync(join(root, `directory-${index}`));
    writeFileSync(join(root, `directory-${index}/file`), "");
  }
  return root;
}

/** A directory below, which is temporary itself, and whose content shows what is left. */
const placeBelow = () => mkdtempSync(join(temporaryDirectory(), "place-"));

/**
 * Moments by system calls: strace delivers SIGINT to a thread when it makes its n-th call of that name. For every change
 * each either in a snapshot or in a run, which both load and read, and in the night (`HOUSEGUEST_MOMENTS=all`) each in
 * both, and more of them: strace slows a reading down tenfold.
 */
const moments = ["openat:1", "openat:60", "openat:150", "getdents64:25", "statx:2", "openat:700", "statx:30"];
const further = inTheNight("getdents64:1", "openat:400", "fchdir:3");
const inRun = moments.filter((_, place) => isNight() || place % 2 === 0);
const inSnapshot = moments.filter((_, place) => isNight() || place % 2 === 1);

function inTheNight(...those: string[]): string[] {
  return isNight() ? those : [];
}

function isNight(): boolean {
  return process.env["HOUSEGUEST_MOMENTS"] === "all";
}

describe.skipIf(!canTrace)("SIGINT (skipped where strace cannot trace)", () => {
  it.each([...inSnapshot, ...further, "rename:1"])("leaves nothing of a snapshot at the call %s", async (moment) => {
    const place = placeBelow();
    const output = join(place, "kept");
    const run = traceResidue(["snapshot", "--root", grown(), "--output", output], { interruptAt: moment, place });
    expect(run.isSignalled, run.stderr).toBe(true);
    if (run.exitCode !== 0) {
      expect([null, 130]).toContain(run.exitCode);
      expect([run.leftovers, readdirSync(place)]).toEqual([[], []]);
      return;
    }
    // It came too late: all that was asked for is there, whole.
    expect(readdirSync(place)).toEqual(["kept"]);
    expect((await loadSnapshot(output)).files.index.size).toBeGreaterThan(30);
  });

  it.each([...inRun, ...further, "mkdir:1", "rmdir:1", ...inTheNight("execve:1")])(
    "leaves nothing of a watched run at the call %s",
    (moment) => {
      const place = placeBelow();
      const report = join(place, "report.json");
      const command = ["run", "--root", grown(), "--report", report, "--", "true"];
      const run = traceResidue(command, { interruptAt: moment, place });
      expect(run.isSignalled, run.stderr).toBe(true);
      // A signal that comes to the command alone ends that, and is reported.
      const isCommands = run.stderr.includes("the command's own");
      const isReported = run.exitCode !== null && (run.exitCode !== 130 || isCommands);
      expect(run.leftovers).toEqual(isReported ? [report] : []);
      expect(readdirSync(place)).toEqual(isReported ? ["report.json"] : []);
    },
  );
});

describe.skipIf(!canTrace)("SIGINT while two snapshots are compared (skipped where strace cannot trace)", () => {
  it("leaves no report, however much differs", async () => {
    const place = placeBelow();
    const names = Array.from({ length: 30_000 }, (_, index) => `n${index}`);
    const paths = await Promise.all(
      [1, 2].map(async (size) => {
        const files = indexTree(packTree({ "/d": names.map((name) => ({ name, size })) }));
        const path = join(place, `snapshot-${size}`);
        await saveSnapshot(snapshotFixture({ files }), path);
        return path;
      }),
    );
    const report = join(place, "report.sarif");
    // The names of users are read when it is known what differs, and whose that is comes next.
    const moment = { interruptAt: "openat:1", about: "/etc/passwd", place };
    const run = traceResidue(["diff", ...paths, "--sarif", report], moment);
    expect([run.isSignalled, run.exitCode, run.stderr]).toEqual([true, 130, expect.stringContaining("Interrupted")]);
    expect(readdirSync(place).sort()).toEqual(["snapshot-1", "snapshot-2"]);
  });
});

describe.skipIf(!canTrace)("SIGINT while a run compares its two readings (skipped where strace cannot trace)", () => {
  it("leaves no report, and nothing of the run's own", () => {
    const place = placeBelow();
    const root = grown();
    const seed = join(temporaryDirectory(), "seed");
    writeFileSync(seed, "x");
    const [came, report] = [join(root, "came"), join(place, "report.json")];
    // Moved there, it is opened for the first time when what differs is looked at more closely.
    const moment = { interruptAt: "openat:1", about: came, place };
    const run = traceResidue(["run", "--root", root, "--report", report, "--", ...moving(seed, came)], moment);
    expect([run.isSignalled, run.exitCode, run.stderr]).toEqual([true, 130, expect.stringContaining("Interrupted")]);
    expect([run.leftovers.filter((path) => path !== came), readdirSync(place)]).toEqual([[], []]);
  });
});

/** mv(1) may open what it moves to. */
function moving(from: string, to: string): string[] {
  return [process.execPath, "-e", "require('node:fs').renameSync(...process.argv.slice(1))", from, to];
}

const lackForWatching = await lackForCalls();

describe.skipIf(!canTrace || lackForWatching !== null)("SIGINT (needs strace and root)", () => {
  // The instance is made at the first mkdir, and removed at the first rmdir.
  it.each(["mkdir:1", "poll:1", "rmdir:1", ...inTheNight("openat:400")])(
    "leaves no tracing instance of `residue watch` at the call %s",
    async (moment) => {
      const run = traceResidue(["watch", "--", "true"], { interruptAt: moment, place: placeBelow() });
      expect(run.isSignalled, run.stderr).toBe(true);
      const made = run.calls.flatMap((call) => / mkdir\("[^"]*\/instances\/([^"/]+)"/.exec(call)?.[1] ?? []);
      let there: string[] = [];
      await withInstances((directory) => {
        there = readdirSync(directory);
        // What a killed one left is the next start's to remove; a test leaves nothing to it.
        for (const name of made.filter((one) => there.includes(one))) rmdirSync(join(directory, name));
      });
      expect(there.filter((name) => made.includes(name))).toEqual([]);
    },
  );
});

describe.skipIf(!canTrace)("what is opened (skipped where strace cannot trace)", () => {
  const script = `echo x > regular; mkfifo pipe; ${process.execPath} -e 'require("net").createServer().listen("socket", () => process.exit())'`;

  /** Of what was told in the report, that which was opened. */
  function openedBy(run: TracedRun, root: string): string[] {
    for (const name of ["pipe", "socket"]) expect(run.stdout + run.stderr).toContain(`${root}/${name}`);
    return ["regular", "pipe", "socket"].filter((name) =>
      run.calls.some((call) => / open\w*\(/.test(call) && call.includes(`${root}/${name}"`)),
    );
  }

  it("are directories and regular files, also of what came: no pipe and no socket", async () => {
    const root = temporaryDirectory();
    const before = join(temporaryDirectory(), "before.snap");
    expect((await runResidue(["snapshot", "--root", root, "--output", before])).exitCode).toBe(0);
    execFileSync("bash", ["-c", script], { cwd: root });
    const run = traceResidue(["diff", before, "--now"], { place: placeBelow() });
    expect(openedBy(run, root)).toEqual(["regular"]);
  });

  it.skipIf(!isNight())("are those, too, of what a run's command left (slow: skipped but in the night)", () => {
    const root = temporaryDirectory();
    const command = ["bash", "-c", `cd ${root}; ${script}`];
    const run = traceResidue(["run", "--root", root, "--", ...command], { place: placeBelow() });
    expect(openedBy(run, root)).toEqual(["regular"]);
  });
});
