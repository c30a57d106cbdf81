import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { isAlive, readProcess } from "../proc-stat.ts";
import type { Sandbox } from "../port.ts";
import { wipeDirectory } from "../wipe-directory.ts";
import { type DriverBed, processesOf, type Started, until } from "./driver-bed.ts";
import { openGate } from "./endless-job.ts";
import { type HostileJob, outsideDirectories } from "./hostile-jobs.ts";
import { freePort } from "./free-port.ts";
import { limitProcesses } from "./process-limit.ts";

/** What was seen of one hostile job under one driver; every entry was measured. */
export interface HostileOutcome {
  /** No CPU time gained in 200 ms of a freeze; null where the job was over before. */
  readonly frozen: boolean | null;
  readonly ended: boolean;
  readonly wiped: boolean;
  /** Places outside its workspace where something of it is left. */
  readonly outside: readonly string[];
  /** What else there is to say. */
  readonly notes: readonly string[];
}

const frozenMs = 200;
/**
 * A process that was in the middle of its end cannot be frozen any more and still uses the CPU for that, in the kernel
 * alone: the first window may show it on a busy host. What runs on shows in each.
 */
const windowsMax = 3;
/** A job yields to whatever else this machine does. */
const readyMsMax = 60_000;
const quotaBytes = 4 * 1024 ** 2;
const plentyBytes = 64 * 1024 ** 2;
const processesMax = 100;

/** Puts one job through a freeze, a thaw, a termination and a wipe, and looks what is left. */
export async function hostileTrial({ bed, job }: { bed: DriverBed; job: HostileJob }): Promise<HostileOutcome> {
  const mark = `houseguest-hostile-${bed.agentId.slice(0, 16)}`;
  const elsewhere = join(bed.place, "elsewhere");
  mkdirSync(elsewhere);
  const places = [elsewhere, ...outsideDirectories].map((directory) => join(directory, mark));
  const port = await freePort();
  const environment = { NODE: process.execPath, ELSEWHERE: elsewhere, MARK: mark, PORT: String(port) };
  let undo = (): void => undefined;
  let fled: readonly number[] = [];
  try {
    const bytesMax = job.endsItself === true ? quotaBytes : plentyBytes;
    const started = await bed.start(job.script, environment, { workspaceBytesMax: bytesMax });
    const { sandbox, request } = started;
    const notes: string[] = [];
    if (job.bomb === true) {
      undo = limitProcesses({ pids: everyPid(started, bed), processesMax, name: mark });
      writeFileSync(started.file("go"), "");
    }
    if (job.flees === true) openGate(started);
    let frozen: boolean | null = null;
    if (job.endsItself === true) {
      notes.push(
        (await sandbox.exited).exceeded?.limit !== "workspace" ? "not ended for its size" : "ended for its size",
      );
    } else {
      await until(() => existsSync(started.file("ready")), `«${job.name}» is at work`, readyMsMax);
      await until(() => cpuOf(started, bed) > 0, "it has used the CPU", readyMsMax);
      if (job.name.includes("port")) notes.push(`${await reaches(port)} from the host`);
      if (job.flees === true) fled = await started.pids("fled", 1);
      frozen = await staysFrozen({ started, bed, fled });
      bed.driver.thawAll();
    }
    const before = [...everyPid(started, bed), ...fled];
    const { left } = await sandbox.terminate({ graceMs: 200, deadlineMs: 15_000 });
    const wipe = await wipeDirectory(request.workspace);
    notes.push(...wipe.left.map(({ reason }) => `left: ${reason}`));
    const alive = [...before, ...everyPid(started, bed)].filter(isLiving);
    if (job.name.includes("port") && (await reaches(port)) !== "refused") notes.push("the port is still open");
    return {
      frozen,
      ended: left.length === 0 && alive.length === 0,
      wiped: wipe.leftCount === 0 && !existsSync(request.workspace),
      outside: places
        .filter((path) => existsSync(path))
        .map((path) => (path.startsWith(bed.place) ? "the agent's home" : path.slice(0, path.lastIndexOf("/")))),
      notes: [...new Set(notes)],
    };
  } finally {
    undo();
    for (const pid of fled.filter(isLiving)) process.kill(pid, "SIGKILL");
    for (const path of places) rmSync(path, { force: true });
  }
}

/** Freezes everything, and sees whether the job's processes gain CPU time. */
async function staysFrozen({
  started,
  bed,
  fled,
}: {
  started: Started;
  bed: DriverBed;
  fled: readonly number[];
}): Promise<boolean> {
  await bed.freeze();
  for (let window = 1; window <= windowsMax; window += 1) {
    const before = cpuOf(started, bed, fled);
    await sleep(frozenMs);
    if (cpuOf(started, bed, fled) === before) return true;
  }
  return false;
}

/** CPU time of all its processes: by the kernel's books of the cgroup in microseconds, or else by /proc in clock ticks. */
function cpuOf(started: Started, bed: DriverBed, fled: readonly number[] = []): number {
  const { cgroup } = started.sandbox;
  if (cgroup !== null) {
    const usage = /^usage_usec (\d+)$/m.exec(readFileSync(join(cgroup, "cpu.stat"), "utf8"))?.[1];
    if (usage !== undefined) return Number(usage);
  }
  const pids = new Set([...everyPid(started, bed), ...fled]);
  return [...pids].reduce((sum, pid) => sum + (readProcess(pid)?.cpuTicks ?? 0), 0);
}

/** As many witnesses as there are: the driver, the markers, and the PID namespace. */
function everyPid({ sandbox, namespacePids }: Started & { sandbox: Sandbox }, bed: DriverBed): number[] {
  const pids = [...sandbox.processes().map(({ pid }) => pid), ...processesOf(bed.agentId), ...namespacePids()];
  return [...new Set(pids)];
}

function isLiving(pid: number): boolean {
  const stat = readProcess(pid);
  return stat !== null && isAlive(stat);
}

async function reaches(port: number): Promise<"reached" | "refused"> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve("reached");
    });
    socket.once("error", () => resolve("refused"));
  });
}
