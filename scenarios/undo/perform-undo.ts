import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";

import { execa } from "execa";

import { messageOf } from "../../foundation/errors.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import { cleanCrontab } from "./clean-crontab.ts";
import { leaveCgroup } from "./leave-cgroup.ts";
import { isAlive, markedProcesses } from "../stages/host/proc.ts";
import { cgroupPids } from "../../agent/sandbox/cgroup.ts";
import { emptyCgroup } from "../stages/host/run-cgroup.ts";
import { setProcessLimit } from "../faults/process-limit.ts";
import { setImmutable } from "../faults/immutable.ts";
import { unmount } from "../faults/own-disk.ts";
import { removeBrokerFault } from "./remove-broker-fault.ts";
import type { UndoAction } from "./undo-action.ts";

/**
 * How long the kernel may take to reap what was killed, in milliseconds. Whoever waits for a busy disk, as the load
 * does that a fault makes there, ends only when that has answered.
 */
const reapMsMax = 30_000;
/** How long a command of somebody else may take to undo what it is for, in milliseconds. */
const commandMsMax = 120_000;
/** How long an agent may take to withdraw when it is undone, in milliseconds; its own deadline is shorter. */
const withdrawMsMax = 30_000;
/** What the agent is given for it, in milliseconds. */
const withdrawDeadlineMs = 10_000;

/**
 * Undoes one thing, or finds it undone.
 *
 * @returns undefined when it is undone, else why it is not
 */
export async function performUndo(action: UndoAction): Promise<string | undefined> {
  try {
    switch (action.undo) {
      case "kill-process":
        if (!isAlive(action)) return undefined;
        kill(action.pid);
        return await until(() => !isAlive(action), `process ${action.pid} did not end`);
      case "continue-process":
        if (isAlive(action)) process.kill(action.pid, "SIGCONT");
        return undefined;
      case "kill-marked":
        return await killMarked(action.run);
      case "remove-cgroup":
        return await until(
          () => emptyCgroup(action.path),
          `${cgroupPids(action.path).length} processes are still in it`,
        );
      case "ends-with-process":
        // Its own ends it before it comes here.
        return action.pid === process.pid || !isAlive(action) ? undefined : `the process ${action.pid} still bears it`;
      case "remove-broker-fault":
        return isAlive(action) ? await removeBrokerFault(action) : undefined;
      case "unmount":
        return await unmount(action.path);
      case "remove-file":
        await rm(action.path, { force: true });
        return undefined;
      case "unlock-directory":
        if (existsSync(action.path)) await setImmutable(action.path, false);
        return undefined;
      case "restore-limit":
        if (isAlive(action)) await setProcessLimit(action);
        return undefined;
      case "leave-cgroup":
        return await until(() => leaveCgroup(action), `${cgroupPids(action.path).length} processes are still in it`);
      case "remove-directory":
        await rm(action.path, { recursive: true, force: true, maxRetries: 3 });
        return existsSync(action.path) ? "something is still in it" : undefined;
      case "run-command":
        return await runCommand(action.command);
      case "clean-crontab":
        return await cleanCrontab(action.mark);
      case "withdraw-agent":
        return await withdrawAgent(action);
    }
  } catch (error) {
    return messageOf(error);
  }
}

async function runCommand([file, ...args]: readonly string[]): Promise<string | undefined> {
  const { failed, shortMessage } = await execa(file ?? "", args, {
    ...{ reject: false, stdin: "ignore", timeout: commandMsMax, killSignal: "SIGKILL" },
  });
  return failed ? shortMessage : undefined;
}

/** Rounds, because a process may fork while the others are being killed. */
async function killMarked(run: string): Promise<string | undefined> {
  return await until(() => {
    const left = markedProcesses(runMarker, run);
    for (const process of left) kill(process.pid);
    return left.length === 0;
  }, "marked processes do not end");
}

async function withdrawAgent(action: { command: string[]; home: string }): Promise<string | undefined> {
  if (!existsSync(action.home)) return undefined;
  const [file, ...prefix] = action.command as [string, ...string[]];
  const result = await execa(
    file,
    [...prefix, "withdraw", "--home", action.home, "--deadline", String(withdrawDeadlineMs), "--json"],
    {
      reject: false,
      timeout: withdrawMsMax,
      stdin: "ignore",
    },
  );
  if (!existsSync(action.home)) return undefined;
  return `${action.home} is still there after its withdrawal: ${(result.stderr || result.stdout).slice(0, 300)}`;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in between, or is not ours to kill: the caller looks again.
  }
}

/** The kernel gives no event for "this cgroup can be removed now": looks every few milliseconds, within a bound. */
async function until(done: () => boolean, otherwise: string): Promise<string | undefined> {
  const deadline = performance.now() + reapMsMax;
  while (!done()) {
    if (performance.now() > deadline) return otherwise;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return undefined;
}
