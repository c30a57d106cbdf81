import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { adoptOrphans, type Orphans } from "./orphans.ts";
import { type ProcessStat, readProcess } from "./proc-stat.ts";
import { isRunning, killIfAlive, pidsIn, until } from "./testing/driver-bed.ts";

let place: string;
let orphans: Orphans;
let pids: number[] = [];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-orphans-"));
  const adopting = adoptOrphans();
  if (adopting === null) throw new Error("this machine does not let a process adopt orphans");
  orphans = adopting;
});
afterEach(() => {
  orphans.close();
  for (const pid of pids) killIfAlive(pid);
  pids = [];
  rmSync(place, { recursive: true });
});

/** Runs a script in a session of its own until it has ended, and returns the pids that it wrote. */
async function leftBy(script: string, count: number): Promise<number[]> {
  const child = spawn("sh", ["-c", script], { cwd: place, detached: true, stdio: "ignore" });
  await once(child, "exit");
  pids = await pidsIn(join(place, "pids"), count);
  return pids;
}

const daemon = `sh -c 'echo $$ >> pids; exec sleep 60' &`;
const present = (pid: number): ProcessStat => readProcess(pid) as ProcessStat;

test("a process that loses its parent becomes this one's child, and is told from those that this one started", async () => {
  const [pid] = (await leftBy(daemon, 1)) as [number];
  await until(() => present(pid).parent === process.pid, "it is adopted");
  expect(orphans.children()).toContain(pid);
  expect(orphans.isOrphan(present(pid))).toBe(true);
  const started = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  try {
    expect(orphans.children()).toContain(started.pid);
    expect(orphans.isOrphan(present(started.pid as number))).toBe(false);
  } finally {
    const ended = once(started, "exit");
    started.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
  }
});

test("one that this process had started before it began to adopt is none", async () => {
  orphans.close();
  const started = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const ended = once(started, "exit");
  try {
    orphans = adoptOrphans() as Orphans;
    expect(orphans.isOrphan(present(started.pid as number))).toBe(false);
  } finally {
    started.kill("SIGKILL");
    await ended;
  }
});

test("the ends of many are waited for, and none stays behind as a zombie", async () => {
  const many = 200;
  const left = await leftBy(`i=0; while [ $i -lt ${many} ]; do i=$((i+1)); (sh -c 'echo $$ >> pids' &); done`, many);
  await until(() => left.every((pid) => readProcess(pid) === null), "all are gone from the table of processes");
  expect(orphans.children().filter((pid) => left.includes(pid))).toEqual([]);
});

test("given up, it adopts no more", async () => {
  const second = adoptOrphans() as Orphans;
  second.close();
  second.close();
  const [kept] = (await leftBy(daemon, 1)) as [number];
  await until(() => present(kept).parent === process.pid, "one who still holds it adopts");
  killIfAlive(kept);
  await until(() => readProcess(kept) === null, "its end is waited for");
  orphans.close();
  rmSync(join(place, "pids"));
  const [pid] = (await leftBy(daemon, 1)) as [number];
  expect(readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "latin1").split(" ")).not.toContain(
    `${pid}`,
  );
  expect(isRunning(pid)).toBe(true);
});
