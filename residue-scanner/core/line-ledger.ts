import type { LineWriters } from "./recording.ts";

/** Somebody who wrote to a file. */
export interface LineWriter {
  /** `serial` of the process. */
  readonly by: number;
  readonly beganNs: number;
}

/** What was read of a file last, and what had changed in it when something last had. */
interface KnownLines {
  readonly lines: ReadonlySet<string>;
  readonly changed: readonly string[];
  readonly changedNs: number;
}

export interface LineReading {
  /** Null where the file could not be read: nothing is known of its lines from then on. */
  readonly lines: readonly string[] | null;
  /** All who wrote to it since the reading before, as far as is told. */
  readonly writers: readonly LineWriter[];
  /** Whether they may have written before the reading before. */
  readonly isLate: boolean;
  /** When it was over. */
  readonly atNs: number;
  /** Wall time. */
  readonly atMs: number;
}

/** So many lines that came or went are kept; one is some hundred bytes. */
const linesMaxDefault = 50_000;

/**
 * Who put which lines into files in which many keep lines of their own, and who took which out: each file is read again
 * whenever somebody wrote to it. Where more than one wrote between two readings, it may have been any of them.
 */
export class LineLedger {
  /** Lines that came or went and found no room. */
  dropped = 0;
  readonly #linesMax: number;
  readonly #files = new Map<string, KnownLines>();
  readonly #writers = new Map<string, LineWriters>();
  /** Who took a line out, and whose it was before; undefined where nobody had changed it. */
  readonly #taken = new Map<string, { readonly by: readonly number[]; readonly before: LineWriters | undefined }>();

  constructor({ linesMax = linesMaxDefault }: { readonly linesMax?: number } = {}) {
    this.#linesMax = linesMax;
  }

  /** @param lines keys that are unique on the whole host */
  begin(file: string, lines: readonly string[]): void {
    this.#files.set(file, { lines: new Set(lines), changed: [], changedNs: 0 });
  }

  /**
   * Takes in one reading. The kernel tells of what was written once it stands there, so that a reading may be ahead of
   * what is told: whoever is told of next may have written what was seen then, unless there was no such process yet.
   */
  read(file: string, { lines, writers, isLate, atNs, atMs }: LineReading): void {
    const known = this.#files.get(file);
    if (known === undefined) return;
    if (lines === null) return this.#forget(file, known);
    const now = new Set(lines);
    const changed = [...now.symmetricDifference(known.lines)];
    if (isLate || changed.length === 0) {
      const earlier = writers.filter(({ beganNs }) => beganNs < known.changedNs).map(({ by }) => by);
      for (const line of known.changed) this.#join(line, earlier);
    }
    const by = writers.map((writer) => writer.by);
    for (const line of changed) {
      if (now.has(line)) this.#putIn(line, { by, atMs });
      else this.#takeOut(line, { by, atMs });
    }
    const isSame = changed.length === 0;
    this.#files.set(file, isSame ? { ...known, lines: now } : { lines: now, changed, changedNs: atNs });
  }

  /** By line; of those only that came or went. */
  writers(): ReadonlyMap<string, LineWriters> {
    return this.#writers;
  }

  #takeOut(line: string, writers: LineWriters): void {
    if (this.#taken.size < this.#linesMax) {
      this.#taken.set(line, { by: writers.by, before: this.#writers.get(line) });
    }
    this.#keep(line, writers);
  }

  /**
   * A file that is written anew in place is empty for a moment: whoever puts in again what it took out has changed
   * nothing, and whoever puts in again what others took out shares it with whoever had put it in before.
   */
  #putIn(line: string, writers: LineWriters): void {
    const taken = this.#taken.get(line);
    this.#taken.delete(line);
    if (taken === undefined) return this.#keep(line, writers);
    const { by, before } = taken;
    const isRestored = writers.by.length > 0 && writers.by.every((writer) => by.includes(writer));
    if (!isRestored) this.#keep(line, { ...writers, by: [...new Set([...writers.by, ...(before?.by ?? [])])] });
    else if (before === undefined) this.#writers.delete(line);
    else this.#keep(line, before);
  }

  #keep(line: string, writers: LineWriters): void {
    if (this.#writers.size < this.#linesMax || this.#writers.has(line)) this.#writers.set(line, writers);
    else this.dropped += 1;
  }

  #join(line: string, more: readonly number[]): void {
    const known = this.#writers.get(line);
    if (known !== undefined) this.#writers.set(line, { ...known, by: [...new Set([...known.by, ...more])] });
  }

  #forget(file: string, { lines }: KnownLines): void {
    this.#files.delete(file);
    // Keys of lines begin with their file; those that went are no more among the known.
    for (const known of [this.#writers, this.#taken])
      for (const line of known.keys()) if (lines.has(line) || line.startsWith(`${file}: `)) known.delete(line);
  }
}
