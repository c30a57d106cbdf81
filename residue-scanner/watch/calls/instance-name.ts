import { readdirSync, rmdirSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { readProcessStat } from "../../collectors/proc.ts";
import { isInFirstPidNamespace } from "./first-pid-namespace.ts";

const pattern = /^houseguest-(\d+)-(\d+)-\d+$/;
let made = 0;

/** A name that says whose the instance is: pids are used again, together with the start time they are not. */
export function nextInstanceName(): string {
  const startTime = readProcessStat(process.pid)?.startTime ?? "0";
  return `houseguest-${process.pid}-${startTime}-${made++}`;
}

/** What became of the instances of recorders that ended without a chance to remove them: killed by SIGKILL. */
export interface DeadInstances {
  readonly removed: readonly string[];
  /** Those that are there still, and may be of recorders that are alive. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Removes the instances of dead recorders. Only where pids mean what they meant to whoever gave the names: elsewhere
 * a recorder that is alive looks dead. One that is held open the kernel does not remove, and it goes on to trace.
 *
 * @param tracefs directory
 */
export function removeLeftoverInstances(tracefs: string, knowsPids = isInFirstPidNamespace()): DeadInstances {
  const removed: string[] = [];
  const left: { name: string; why: string }[] = [];
  for (const name of readdirSync(`${tracefs}/instances`)) {
    const [, pid, startTime] = pattern.exec(name) ?? [];
    if (pid === undefined) continue;
    if (!knowsPids) {
      left.push({ name, why: "whether its recorder is alive is to be told in the first PID namespace only" });
    } else if (readProcessStat(Number(pid))?.startTime !== startTime) {
      if (removeInstance(`${tracefs}/instances/${name}`, attemptsForOthers)) removed.push(name);
      else left.push({ name, why: "somebody holds it open" });
    }
  }
  return { removed, left };
}

/** Another scanner that reads what is traced lets go at once; so often it is tried, with a pause in ms. */
const attemptsMax = 100;
const attemptsForOthers = 10;
const pauseMs = 20;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** @returns false where somebody else goes on to hold it open, or removed it at the same time */
export function removeInstance(directory: string, attempts = attemptsMax): boolean {
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmdirSync(directory);
      return true;
    } catch (error) {
      if (systemCode(error) !== "EBUSY" || attempt >= attempts) return false;
      // Whoever waits for this has nothing else to do.
      Atomics.wait(pause, 0, 0, pauseMs);
    }
  }
}
