import { writeSync } from "node:fs";

import { type Logger, pino } from "pino";

import { systemClock } from "../../foundation/clock.ts";
import { UsageError, messageOf, systemCode } from "../../foundation/errors.ts";

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
/** A reader that is slow is waited for so often, so many milliseconds each time. */
const slowReaderWaitsMax = 20;
const slowReaderWaitMs = 5;

/**
 * The broker's log on stderr: one JSON object a line, written at once, so that a crash loses none.
 *
 * @throws UsageError `usage` when there is no such level
 */
export function openBrokerLog(level: string): Logger {
  if (!levels.includes(level)) {
    throw new UsageError(`There is no log level ${level}.`, {
      code: "usage",
      next: `Use one of ${levels.join(", ")}.`,
    });
  }
  return pino({ level, base: { pid: process.pid } }, new LogLines(process.stderr.fd));
}

/**
 * Lines of a log, which is worth less than any request: what cannot be written, to a full disk or to nobody, is dropped,
 * counted, and told when there is room again. Never throws.
 */
export class LogLines {
  readonly #file: number;
  #dropped = 0;
  #why = "";
  /** The beginning of a line is there, and its end is not. */
  #isBroken = false;

  constructor(file: number) {
    this.#file = file;
  }

  write(line: string): void {
    try {
      const told = this.#dropped === 0 ? "" : droppedLine(this.#dropped, this.#why);
      this.#writeWhole(Buffer.from(`${this.#isBroken ? "\n" : ""}${told}${line}`));
      this.#dropped = 0;
    } catch (error) {
      this.#dropped += 1;
      this.#why = messageOf(error);
    }
  }

  #writeWhole(bytes: Buffer): void {
    let waits = 0;
    for (let written = 0; written < bytes.length; ) {
      try {
        written += writeSync(this.#file, bytes, written);
        this.#isBroken = written < bytes.length;
      } catch (error) {
        if (systemCode(error) !== "EAGAIN" || waits >= slowReaderWaitsMax) throw error;
        waits += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowReaderWaitMs);
      }
    }
  }
}

function droppedLine(count: number, why: string): string {
  const msg = `${count} lines of this log could not be written (${why})`;
  return `${JSON.stringify({ level: pino.levels.values["warn"], time: systemClock.nowMs(), pid: process.pid, msg })}\n`;
}
