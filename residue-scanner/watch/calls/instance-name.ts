import { readdirSync, rmdirSync, writeFileSync } from "node:fs";

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

/** @returns false where somebody else holds it open, or removed it at the same time */
export function removeInstance(directory: string): boolean {
  try {
    writeFileSync(`${directory}/events/enable`, "0");
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
