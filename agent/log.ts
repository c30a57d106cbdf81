import { ftruncateSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import pino, { type Logger } from "pino";

import { systemClock } from "../foundation/clock.ts";
import { messageOf, systemCode } from "../foundation/errors.ts";
import { isNoRoom } from "./io/journal-file.ts";

/** The most that the log in a home holds, in bytes; the older half goes when it would be more. */
const logBytesMax = 2 * 1024 ** 2;
/** A reader of our stderr that is slow is waited for so often, so many milliseconds each time. */
const slowReaderWaitsMax = 20;
const slowReaderWaitMs = 5;
const pinoWarning = 40;

/**
 * The agent's log: one JSON object a line, written at once, so that a crash loses none. It is worth less than the
 * agent: what cannot be written is dropped, counted, and told when there is room again.
 *
 * @param file null for stderr
 * @param quiet whether only what ends the agent is worth a line
 */
export function openLog({
  instanceId,
  file,
  quiet,
}: {
  instanceId: string;
  file: string | null;
  quiet: boolean;
}): Logger {
  const level = quiet ? "fatal" : "info";
  return pino({ base: { pid: process.pid, instance: instanceId }, level }, new LogFile(file));
}

export class LogFile {
  /** Null where there was no room for it: it is not made later, when a withdrawal may have wiped the home. */
  readonly #file: number | null;
  readonly #bytesMax: number;
  #dropped = 0;
  #why = "";

  /** @param path null for stderr, which has no bound of ours */
  constructor(path: string | null, bytesMax = logBytesMax) {
    this.#bytesMax = path === null ? Number.POSITIVE_INFINITY : bytesMax;
    this.#file = path === null ? process.stderr.fd : openOrNull(path);
  }

  write(line: string): void {
    try {
      this.#append(this.#dropped === 0 ? line : droppedLine(this.#dropped, this.#why) + line);
      this.#dropped = 0;
    } catch (error) {
      this.#dropped += 1;
      this.#why = messageOf(error);
    }
  }

  #append(line: string): void {
    if (this.#file === null) return;
    if (this.#bytesMax === Number.POSITIVE_INFINITY) return writeWhole(this.#file, line);
    let { size } = fstatSync(this.#file);
    if (size + line.length > this.#bytesMax) size = keepNewerHalf(this.#file, size);
    try {
      writeWhole(this.#file, line);
    } catch (error) {
      // Half a line is no line.
      ftruncateSync(this.#file, size);
      throw error;
    }
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "a+", 0o600);
  } catch (error) {
    if (isNoRoom(error)) return null;
    throw error;
  }
}

/** @returns the new size; a crash in between loses old lines */
function keepNewerHalf(file: number, size: number): number {
  const half = Buffer.alloc(Math.floor(size / 2));
  const read = readSync(file, half, 0, half.length, size - half.length);
  const kept = half.subarray(half.indexOf("\n") + 1, read);
  ftruncateSync(file, 0);
  writeWhole(file, kept);
  return kept.length;
}

function writeWhole(file: number, text: string | Buffer): void {
  const bytes = Buffer.from(text);
  let waits = 0;
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(file, bytes, written);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN" || waits >= slowReaderWaitsMax) throw error;
      waits += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowReaderWaitMs);
    }
  }
}

function droppedLine(count: number, why: string): string {
  const msg = `${count} lines of this log could not be written (${why})`;
  return `${JSON.stringify({ level: pinoWarning, time: systemClock.nowMs(), pid: process.pid, msg })}\n`;
}
