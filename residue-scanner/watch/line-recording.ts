import { LineLedger } from "../core/line-ledger.ts";
import type { LineWriters } from "../core/recording.ts";
import type { TouchedDirectory, TouchedName } from "../core/touch-table.ts";
import { monotonicNs } from "./monotonic.ts";

/** What was written just before a reading may be told only after it, when its writer had to wait in between. */
const lateMs = 20;

export interface LineRecordingOptions {
  /** One character a byte. */
  readonly files: readonly string[];
  /** The lines that stand in a file now; null where it cannot be read, none where there is no such file. */
  readonly linesOf: (file: string) => readonly string[] | null;
  /** The number by which touches name a directory; null where there is none. */
  readonly directoryOf: (path: string) => number | null;
  /** For tests: how many lines that came or went are kept. */
  readonly linesMax?: number | undefined;
  /** Whether more file events wait. */
  readonly isWaiting: () => boolean;
  /** Keeps a process, and says when it began. */
  readonly retain: (by: number) => number;
}

/** Reads shared files again when they are touched, to tell who wrote which of their lines. */
export class LineRecording {
  private readonly options: LineRecordingOptions;
  private readonly ledger: LineLedger;
  private readonly files = new Map<number, Map<string, string>>();
  private readonly touched = new Map<string, Set<number>>();
  private readonly lateUntil = new Map<string, number>();

  constructor(options: LineRecordingOptions) {
    this.options = options;
    this.ledger = new LineLedger(options.linesMax === undefined ? {} : { linesMax: options.linesMax });
    for (const file of options.files) {
      const slash = file.lastIndexOf("/");
      const directory = options.directoryOf(file.slice(0, slash) || "/");
      const lines = directory === null ? null : options.linesOf(file);
      if (directory === null || lines === null) continue;
      const names = this.files.get(directory) ?? new Map<string, string>();
      this.files.set(directory, names.set(file.slice(slash + 1), file));
      this.ledger.begin(file, lines);
    }
  }

  /** How many lines that came or went found no room. */
  get dropped(): number {
    return this.ledger.dropped;
  }

  /** Whether there is a file in it whose lines are followed. */
  follows({ id }: Pick<TouchedDirectory, "id">): boolean {
    return this.files.has(id);
  }

  /** @param earlier who wrote what comes to stand under this name now, by renaming or linking */
  touch({ directory, bytes, start, end }: TouchedName, by: number, earlier?: () => readonly number[]): void {
    const names = this.files.get(directory.id);
    if (names === undefined) return;
    const file = names.get(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1"));
    if (file === undefined) return;
    const writers = this.touched.get(file) ?? new Set<number>();
    for (const each of [by, ...(earlier?.() ?? [])]) writers.add(each);
    this.touched.set(file, writers);
  }

  /** After all events of one reading of the queue. */
  takeIn(nowMs: number): void {
    if (this.touched.size > 0) this.readTouched(nowMs);
    if (this.options.isWaiting()) return;
    for (const [file, untilMs] of this.lateUntil)
      if (untilMs === Number.POSITIVE_INFINITY) this.lateUntil.set(file, nowMs + lateMs);
  }

  private readTouched(nowMs: number): void {
    for (const [file, writers] of this.touched) {
      const lines = this.options.linesOf(file);
      const atNs = monotonicNs();
      const isLate = nowMs < (this.lateUntil.get(file) ?? 0);
      this.ledger.read(file, {
        ...{ lines, isLate, atNs, atMs: nowMs },
        writers: [...writers].map((by) => ({ by, beganNs: this.options.retain(by) })),
      });
    }
    // Until nothing waits any more.
    for (const file of this.touched.keys()) this.lateUntil.set(file, Number.POSITIVE_INFINITY);
    this.touched.clear();
  }

  writers(): ReadonlyMap<string, LineWriters> {
    return this.ledger.writers();
  }
}
