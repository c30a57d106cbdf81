import { closeSync, fstatSync, openSync, readSync, watch, writeSync, type FSWatcher } from "node:fs";

import { systemClock } from "../foundation/clock.ts";
import { HouseguestError } from "../foundation/errors.ts";
import { type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import { historyRecorder, type RecordEvent } from "../protocol/history-recorder.ts";
import { orAborted } from "./interruption.ts";

const chunkBytes = 256 * 1024;

/** A step waited for something that did not happen in time. */
export class WaitError extends HouseguestError {
  override readonly name = "WaitError";
}

/**
 * The history of one run while it grows: the harness appends its own records, agent and broker append theirs to the
 * same file, and whoever waits is woken by the file itself.
 */
export class RunHistory {
  readonly record: RecordEvent;
  readonly records: HistoryRecord[] = [];
  /** Lines that could not be read: lost evidence, which makes a verdict unknown. */
  readonly unreadable: string[] = [];
  readonly #descriptor: number;
  readonly #watcher: FSWatcher;
  readonly #listeners = new Set<(record: HistoryRecord) => void>();
  readonly #chunk = Buffer.alloc(chunkBytes);
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string, run: string) {
    this.#descriptor = openSync(path, "a+", 0o600);
    this.record = historyRecorder({
      actor: "harness",
      source: run,
      clock: systemClock,
      write: (line) => {
        writeSync(this.#descriptor, line);
        this.read();
      },
    });
    this.#watcher = watch(path, () => this.read());
  }

  /** Calls the listener with every record that comes from now on; the result stops that. */
  onRecord(listener: (record: HistoryRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits until the condition over the whole history holds; it is looked at again after every new record.
   *
   * @param what completes the sentence "waited … for …"
   * @throws WaitError `not-in-time`
   */
  async until(
    what: string,
    condition: () => boolean,
    limits: { withinMs: number; signal: AbortSignal },
  ): Promise<void> {
    this.read();
    if (condition()) return;
    let stop: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const happened = new Promise<void>((resolve, reject) => {
      stop = this.onRecord(() => condition() && resolve());
      timer = setTimeout(() => reject(notInTime(what, limits.withinMs)), limits.withinMs);
    });
    try {
      await orAborted(happened, limits.signal);
    } finally {
      stop?.();
      clearTimeout(timer);
    }
  }

  /** Takes in what has been appended since the last look. */
  read(): void {
    while (this.#offset < fstatSync(this.#descriptor).size) {
      const bytes = readSync(this.#descriptor, this.#chunk, 0, chunkBytes, this.#offset);
      if (bytes === 0) return;
      this.#offset += bytes;
      this.#take(Buffer.concat([this.#rest, this.#chunk.subarray(0, bytes)]));
    }
  }

  /** Ends the watch; a torn last line counts as unreadable. */
  close(): void {
    this.read();
    if (this.#rest.length > 0) this.unreadable.push("the last line is torn");
    this.#watcher.close();
    closeSync(this.#descriptor);
  }

  #take(bytes: Buffer): void {
    const end = bytes.lastIndexOf(0x0a);
    this.#rest = Buffer.from(bytes.subarray(end + 1));
    if (end < 0) return;
    for (const line of bytes.subarray(0, end).toString("utf8").split("\n")) {
      const parsed = parseHistoryLine(line);
      if ("error" in parsed) {
        this.unreadable.push(`${parsed.error}: ${line.slice(0, 200)}`);
        continue;
      }
      this.records.push(parsed.record);
      for (const listener of [...this.#listeners]) listener(parsed.record);
    }
  }
}

function notInTime(what: string, withinMs: number): WaitError {
  return new WaitError(`Waited ${(withinMs / 1000).toFixed(1)} s in vain for ${what}.`, {
    code: "not-in-time",
    next: "The logs of agent and broker are in the run directory's logs/.",
  });
}
