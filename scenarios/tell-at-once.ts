import { writeSync } from "node:fs";

import { systemCode } from "../foundation/errors.ts";

const stderr = 2;
/** For so long somebody who reads slowly is waited for, in milliseconds. */
const waitMsMax = 2_000;
const pauseMs = 10;

/**
 * Writes to stderr before it returns, for whoever is about to end the program. A pipe that is full (EAGAIN: Node's own
 * streams make it non-blocking) is waited for; what nobody reads is dropped. How the program ends is never changed by it.
 */
export function tellAtOnce(text: string, write: (bytes: Uint8Array) => number = toStderr): void {
  let rest: Uint8Array = Buffer.from(text);
  let waitedMs = 0;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(write(rest));
    } catch (error) {
      if (systemCode(error) !== "EAGAIN" || waitedMs >= waitMsMax) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      waitedMs += pauseMs;
    }
  }
}

function toStderr(bytes: Uint8Array): number {
  return writeSync(stderr, bytes);
}
