import { lstatSync } from "node:fs";

import { monotonicNs } from "./monotonic.ts";

/**
 * When what lies at a path was made, at the earliest.
 *
 * @param path one character a byte
 * @returns a monotonic time; null where that is not kept, or nothing is there
 */
export function bornNs(path: string): number | null {
  const nowNs = monotonicNs();
  // The clock of the files, which may have been set since this program started; it is told in whole milliseconds.
  const nowMs = Date.now() + 1;
  const bornMs = bornMsOf(path);
  return bornMs > 0 && bornMs <= nowMs ? nowNs - (nowMs - bornMs) * 1e6 : null;
}

function bornMsOf(path: string): number {
  try {
    return lstatSync(Buffer.from(path, "latin1")).birthtimeMs;
  } catch {
    // It is gone, or lies deeper than a path can say.
    return 0;
  }
}
