import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, watch, writeSync, type FSWatcher } from "node:fs";

import { systemClock } from "../foundation/clock.ts";
import { messageOf } from "../foundation/errors.ts";
import { type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import { historyRecorder, type RecordEvent } from "../protocol/history-recorder.ts";
import { orAborted } from "./interruption.ts";
import { notInTime } from "./steps/wait-error.ts";

const chunkBytes = 256 * 1024;

/**
 * The history of one run while it grows: the harness appends its own records, agent and broker append theirs to the
 * same file, and whoever waits is woken by the file itself.
 */
export class RunHistory {
  readonly record: RecordEvent;
  readonly records: HistoryRecord[] = [];
  /** Lines that could not be read: lost evidence, which makes a verdict unknown. */
  readonly unreadable: string[] = [];
  /** What went wrong in whoever listened. */
  readonly listenerErrors: string[] = [];
  readonly #next = new Map<string, number>();
  readonly #descriptor: number;
  readonly #watcher: FSWatcher;
  readonly #listeners = new Set<(record: HistoryRecord) => void>();
  readonly #digest = createHash("sha256");
  readonly #chunk = Buffer.alloc(chunkBytes);
  #closed = false;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string, run: string) {
    this.#descriptor = openSync(path, "a+", 0o600);
    this.record = historyRecorder({
      actor: "harness",
      source: run,
      clock: systemClock,
      write: (line) => this.#write(line),
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
    if (this.#closed) return;
    while (this.#offset < fstatSync(this.#descriptor).size) {
      const bytes = readSync(this.#descriptor, this.#chunk, 0, chunkBytes, this.#offset);
      if (bytes === 0) return;
      this.#offset += bytes;
      this.#digest.update(this.#chunk.subarray(0, bytes));
      this.#take(Buffer.concat([this.#rest, this.#chunk.subarray(0, bytes)]));
    }
  }

  /** To be called when every actor has ended: what is still incomplete then is lost. */
  expectEnd(): void {
    this.read();
    if (this.#rest.length > 0) this.unreadable.push("the last line is torn");
    this.#rest = Buffer.alloc(0);
  }

  /** Ends the watch; what is recorded afterwards is dropped. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.expectEnd();
    this.#closed = true;
    this.#watcher.close();
    closeSync(this.#descriptor);
  }

  /** SHA-256, in hexadecimal, of the file as far as it was taken in. To be called once, after `close`. */
  sha256(): string {
    return this.#digest.digest("hex");
  }

  /** A full disk must not keep a run from undoing what it did: what cannot be written is lost evidence, no more. */
  #write(line: string): void {
    if (this.#closed) return;
    try {
      writeSync(this.#descriptor, line);
    } catch (error) {
      this.unreadable.push(`a record could not be written: ${messageOf(error)}`);
    }
    this.read();
  }

  /** A reporter that fails is left out from then on; the run goes on. */
  #tell(record: HistoryRecord): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(record);
      } catch (error) {
        this.#listeners.delete(listener);
        this.listenerErrors.push(messageOf(error));
      }
    }
  }

  /** Each source counts its records from 0; a gap is lost evidence. */
  #checkSequence({ source, sequence }: HistoryRecord): void {
    const expected = this.#next.get(source) ?? 0;
    if (sequence !== expected) this.unreadable.push(`${source} went from record ${expected - 1} to ${sequence}`);
    this.#next.set(source, sequence + 1);
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
      this.#checkSequence(parsed.record);
      this.records.push(parsed.record);
      this.#tell(parsed.record);
    }
  }
}
