import { readdirSync, rmdirSync, writeFileSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import { readProcessStat } from "../../collectors/proc.ts";

const pattern = /^houseguest-(\d+)-(\d+)-\d+$/;
let made = 0;

/** A name that says whose the instance is: pids are used again, together with the start time they are not. */
export function nextInstanceName(): string {
  const startTime = readProcessStat(process.pid)?.startTime ?? "0";
  return `houseguest-${process.pid}-${startTime}-${made++}`;
}

/**
 * Removes the instances of recorders that ended without a chance to: killed by SIGKILL.
 *
 * @param tracefs directory
 * @returns names of those that were removed
 */
export function removeLeftoverInstances(tracefs: string): string[] {
  return readdirSync(`${tracefs}/instances`).filter((name) => {
    const [, pid, startTime] = pattern.exec(name) ?? [];
    if (pid === undefined || readProcessStat(Number(pid))?.startTime === startTime) return false;
    return removeInstance(`${tracefs}/instances/${name}`);
  });
}

/** Another scanner that reads what is traced lets go at once; so often it is tried, with a pause in ms. */
const attemptsMax = 100;
const pauseMs = 20;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** @returns false where somebody else goes on to hold it open, or removed it at the same time */
export function removeInstance(directory: string): boolean {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt === 1) writeFileSync(`${directory}/events/enable`, "0");
      rmdirSync(directory);
      return true;
    } catch (error) {
      if (systemCode(error) !== "EBUSY" || attempt === attemptsMax) return false;
      // Whoever waits for this has nothing else to do.
      Atomics.wait(pause, 0, 0, pauseMs);
    }
  }
}
