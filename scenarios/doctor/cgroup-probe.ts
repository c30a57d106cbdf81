import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

import { withinDeadline } from "../../foundation/deadline.ts";
import { isFrozen, killCgroup, ownCgroup, removeCgroup, setFrozen } from "../../agent/sandbox/cgroup.ts";
import { writableCgroup } from "../stages/host/run-cgroup.ts";
import type { Probe, Trial } from "./probe.ts";

const withinMs = 5_000;

/** A process is put into a cgroup of its own, frozen and killed: what every pause and every end of a job does. */
export const cgroupProbe: Probe = {
  name: "cgroup",
  for: "jobs are frozen and killed as a whole, and no process escapes unseen",
  attempt: async () => {
    const parent = writableCgroup();
    if (parent !== undefined) return await freezeAndKill(join(parent, `houseguest-doctor-${process.pid}`));
    const why = ownCgroup() === null ? "no cgroup v2 is mounted" : "this user may make no cgroup below its own";
    return { status: "part", detail: `${why}: jobs are stopped and killed one by one` };
  },
  remedy: () => "Run it as root, or: systemd-run --user --scope -p Delegate=yes npx scenarios …",
};

async function freezeAndKill(path: string): Promise<Trial> {
  mkdirSync(path);
  // By its path: what is tried is the cgroup, and not whether anything is found.
  const child = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
  // One that never began has ended, and what was made for it is removed all the same.
  const exited = once(child, "exit").catch(() => []);
  try {
    await once(child, "spawn");
    if (!existsSync(join(path, "cgroup.freeze")) || !existsSync(join(path, "cgroup.kill"))) {
      return { status: "part", detail: "this kernel's cgroups neither freeze nor kill (Linux 5.14)" };
    }
    writeFileSync(join(path, "cgroup.procs"), String(child.pid));
    const frozen = turned(path, () => isFrozen(path));
    setFrozen(path, true);
    if (!(await withinDeadline(frozen, { ms: withinMs, late: false }))) {
      return { status: "part", detail: `nothing is frozen ${withinMs / 1_000} s after it was asked for` };
    }
    killCgroup(path);
    await withinDeadline(exited, { ms: withinMs, late: [] });
    const controllers = readFileSync(join(path, "cgroup.controllers"), "utf8").trim();
    const limits = controllers === "" ? "no controllers, so a job's memory and CPUs have no limit" : controllers;
    return { status: "ok", detail: `froze a process and killed it; ${limits}` };
  } finally {
    child.kill("SIGKILL");
    await withinDeadline(exited, { ms: withinMs, late: [] });
    // Whoever has ended may be counted in it for a moment longer.
    await withinDeadline(
      turned(path, () => removeCgroup(path)),
      { ms: withinMs, late: false },
    );
  }
}

/** The kernel tells of a change of `cgroup.events` as of any change of a file (cgroups(7)). */
async function turned(path: string, isSo: () => boolean): Promise<boolean> {
  if (isSo()) return true;
  return await new Promise((resolve) => {
    const watcher = watch(join(path, "cgroup.events"), check);
    watcher.unref();
    // What happened before anybody watched is not told.
    check();
    function check(): void {
      const isThere = existsSync(path);
      if (isThere && !isSo()) return;
      watcher.close();
      resolve(isThere);
    }
  });
}
