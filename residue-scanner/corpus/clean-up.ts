import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import { messageOf, systemCode } from "../../foundation/errors.ts";
import { readMounts } from "../collectors/files/mounts.ts";
import { isInUse, runningPid } from "./field.ts";
import { runScript } from "./scripts.ts";
import { fieldPrefix } from "./variables.ts";

const killMsMax = 10_000;
const killPauseMs = 10;
/** `residue run` reads the host until two readings agree. */
const watcherMsMax = 120_000;

/**
 * Undoes all that a run did to the host, the last first, and removes its directory. It may have been done in part, or
 * undone before.
 *
 * @returns what could not be undone, in words; the directory is then still there
 */
export async function cleanUp(directory: string): Promise<string[]> {
  const failures: string[] = [];
  if (!(await endProcesses(directory))) failures.push("processes of the corpus do not end");
  if (!(await endWatcher(directory))) failures.push("residue run does not end");
  for (const name of readLines(join(directory, "order")).reverse()) {
    const { exitCode, said } = runScript(directory, `undo-${name}`);
    if (exitCode !== 0) failures.push(`${name}: ${said === "" ? `exit code ${exitCode}` : said}`);
  }
  // What had been hidden can be seen now.
  if (!(await endProcesses(directory))) failures.push("hidden processes of the corpus do not end");
  for (const folder of readLines(join(directory, "folders")).reverse()) removeFolder(folder, failures);
  unmountBelow(directory);
  if (failures.length > 0) return failures;
  try {
    // The flags of items that were never undone; no such command where there are no such flags.
    spawnSync("chattr", ["-R", "-f", "-ia", directory]);
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Paths may be longer than Node can name; rm(1) goes down step by step.
    try {
      execFileSync("rm", ["-rf", directory]);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return failures;
}

/** The directories of runs that were killed, none of one that goes on. */
export function abandonedFields(): string[] {
  const parent = dirname(fieldPrefix);
  const names = readdirSync(parent).map((name) => join(parent, name));
  return names.filter((path) => path.startsWith(fieldPrefix) && !isInUse(path));
}

/** Where the run was killed, `residue run` goes on without its job, and ends when it has read the host. */
async function endWatcher(directory: string): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + watcherMsMax;
  while (runningPid(join(directory, "watcher")) !== null) {
    if (systemClock.monotonicMs() > deadlineMs) return false;
    await sleep(killPauseMs);
  }
  return true;
}

/** Ends what runs a program or a script of the field's own, from memory too, until there is none. */
async function endProcesses(directory: string): Promise<boolean> {
  const token = directory.slice(fieldPrefix.length);
  const deadlineMs = systemClock.monotonicMs() + killMsMax;
  for (;;) {
    const pids = processesOf(directory, token);
    if (pids.length === 0) return true;
    if (systemClock.monotonicMs() > deadlineMs) return false;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await sleep(killPauseMs);
  }
}

function processesOf(directory: string, token: string): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      const program = readlinkSync(`/proc/${pid}/exe`);
      if (program.startsWith(`${directory}/`) || program.startsWith(`/memfd:hgp${token}`)) return true;
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`${directory}/scripts/`);
    } catch {
      // It has ended, or is a thread of the kernel.
      return false;
    }
  });
}

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
}

function removeFolder(folder: string, failures: string[]): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = systemCode(error) ?? "";
    // Somebody else uses it by now.
    if (code === "ENOENT" || code === "ENOTEMPTY") return;
    failures.push(messageOf(error));
  }
}

function unmountBelow(directory: string): void {
  const points = readMounts().map(({ point }) => point);
  for (const point of points.filter((path) => path.startsWith(`${directory}/`)).reverse())
    spawnSync("umount", [Buffer.from(point, "latin1").toString("utf8")]);
}
