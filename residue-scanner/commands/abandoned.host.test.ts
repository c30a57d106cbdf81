import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { isRoot, run } from "../testing/planted.ts";
import { runResidue } from "../testing/run-residue.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { findAbandoned, removeAbandoned } from "./abandoned.ts";
import { ownMaker } from "./maker.ts";
import { RunCgroup } from "./run-cgroup.ts";

const launcher = join(import.meta.dirname, "../../bin/residue.mjs");
const probe = RunCgroup.create("abandoned-probe");
await probe?.remove();

/** A whole run of `residue` whose command waits, and goes on waiting when the scanner is killed. */
async function waitingRun() {
  const pipe = join(temporaryDirectory(), "pipe");
  run("mkfifo", pipe);
  let isOpen = true;
  const writing = openSync(pipe, "r+");
  const letEnd = () => {
    if (isOpen) closeSync(writing);
    isOpen = false;
  };
  const words = ["run", "--policy", "ci", "--", "sh", "-c", 'exec 3<"$1"; echo up; read end <&3', "sh", pipe];
  const child = spawn(process.execPath, [launcher, ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const drained = once(child.stdout, "end");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    letEnd();
    await Promise.all([ended, drained]);
  });
  await once(createInterface(child.stdout), "line");
  return { child, ended, drained, letEnd };
}

describe.skipIf(!isRoot || probe === null)("what a killed scanner left (needs root and cgroup v2)", () => {
  it("is told by the doctor and removed by the next run, and nothing of one that lives", async () => {
    vi.stubEnv("TMPDIR", temporaryDirectory());
    onTestFinished(() => void vi.unstubAllEnvs());
    const { child, ended, drained, letEnd } = await waitingRun();
    const ofIt = () => findAbandoned().filter(({ path }) => path.includes(`-${child.pid}-`));
    expect(ofIt()).toEqual([]);
    child.kill("SIGKILL");
    await ended;
    const left = ofIt();
    expect(left.map(({ what }) => what)).toEqual(["canary", "canary", "control group"]);
    const group = left[2]?.path ?? "";

    const first = await runResidue(["run", "--root", temporaryDirectory(), "--", "true"]);
    expect(first.stderr).toContain(`Removed the canary ${left[0]?.path}, which a run left that was killed.`);
    expect(first.stderr).toContain(`Could not remove the control group ${group}`);
    expect(first.stderr).toContain(`rmdir -- ${group}`);
    expect(ofIt()).toEqual([left[2]]);
    const doctor = jsonOf(await runResidue(["doctor", "--json"])) as { abandoned: unknown[] };
    expect(doctor.abandoned).toContainEqual(left[2]);

    letEnd();
    await drained;
    // Another test's run may be quicker: nothing runs in it any more.
    removeAbandoned();
    expect([ofIt(), existsSync(group)]).toEqual([[], false]);
  });

  it("is nobody's that is called so and is none, or whose maker cannot be told to have ended", () => {
    const place = temporaryDirectory();
    vi.stubEnv("TMPDIR", place);
    onTestFinished(() => void vi.unstubAllEnvs());
    const [boot, pids, times, pid, startTime] = ownMaker().split("-");
    const named = (maker: string) => join(place, `houseguest-canary-a-${maker}-0123456789ab`);
    // Pids never are that large (proc_sys_kernel(5), pid_max).
    const dead = `${boot}-${pids}-${times}-99999999-1`;
    writeFileSync(named(dead), "content");
    const maybeAlive = [
      `${boot}-1-${times}-99999999-1`,
      // Another time namespace shows other start times of the same processes.
      `${boot}-${pids}-1-${pid}-1`,
      `${boot}-${pids}-${times}-${pid}-${startTime}`,
      `${boot}-${pids}-${times}-1-x`,
    ];
    for (const maker of maybeAlive) writeFileSync(named(maker), "");
    writeFileSync(join(place, `houseguest-canary-a-${dead}-short`), "");
    expect(findAbandoned().filter(({ path }) => path.startsWith(place))).toEqual([]);
    writeFileSync(named(dead), "");
    expect(findAbandoned().filter(({ path }) => path.startsWith(place))).toMatchObject([{ path: named(dead) }]);
    // Nothing else than this machine can have made what is on its own disk.
    const earlier = named(`0123${boot?.slice(4)}-1-1-1-1`);
    writeFileSync(earlier, "");
    expect(findAbandoned().map(({ path }) => path)).toContain(earlier);
    expect(readdirSync(place)).toHaveLength(7);
  });
});
