import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { processStat } from "../stages/host/proc.ts";

const preload = fileURLToPath(new URL("skew-clock.mjs", import.meta.url));
/** Of the times of /proc, in milliseconds: USER_HZ is 100 on every architecture that Node runs on (time(7)). */
const tickMs = 10;

/** By how much the wall clocks of programs are wrong that are started from now on, by the name of whoever it is. */
export class Clocks {
  readonly #aheadMs = new Map<string, number>();

  jump(name: string, byMs: number): void {
    this.#aheadMs.set(name, (this.#aheadMs.get(name) ?? 0) + byMs);
  }

  /** What makes a program's clock wrong, where it is one of Node's. */
  environmentOf(name: string): NodeJS.ProcessEnv {
    const aheadMs = this.#aheadMs.get(name) ?? 0;
    if (aheadMs === 0) return {};
    const options = [process.env["NODE_OPTIONS"], `--import=${preload}`].filter((one) => one !== undefined);
    return { NODE_OPTIONS: options.join(" "), HOUSEGUEST_CLOCK_AHEAD_MS: String(aheadMs) };
  }
}

/** When a process was started, by this machine's clock, in milliseconds since the epoch; undefined when it is gone. */
export function startedAtMs(pid: number): number | undefined {
  const startTime = processStat(pid)?.startTime;
  const bootS = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
  if (startTime === undefined || bootS === undefined) return undefined;
  return Number(bootS) * 1_000 + Number(startTime) * tickMs;
}
