import { processKey } from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import type { Snapshot } from "./snapshot.ts";

/** The processes of both readings, and which of them only watch. */
export class ProcessTable {
  /** Who reads the host; 0 sees everything. */
  readonly watcherUid: number;
  readonly #now: ReadonlyMap<number, ProcessFact>;
  readonly #before: ReadonlySet<string>;
  readonly #pidsBefore: ReadonlyMap<number, ProcessFact>;
  readonly #ownBefore: ReadonlySet<number>;
  /** Pids of the scanner and of what is above it. */
  readonly #above: ReadonlySet<number>;
  /** Pids of the scanner itself and of its launcher. */
  readonly #own: ReadonlySet<number>;
  readonly #readers: ReadonlySet<number>;

  constructor(before: Snapshot, after: Snapshot) {
    this.watcherUid = after.uid;
    this.#now = new Map(after.processes.map((fact) => [fact.pid, fact]));
    this.#before = new Set(before.processes.map(processKey));
    this.#pidsBefore = new Map(before.processes.map((fact) => [fact.pid, fact]));
    this.#ownBefore = ownPids(before);
    this.#above = new Set(after.scanner.map(({ pid }) => pid));
    this.#own = ownPids(after);
    this.#readers = new Set(after.readers);
  }

  /** Those of the after reading. */
  all(): Iterable<ProcessFact> {
    return this.#now.values();
  }

  /** A process of the after reading. */
  now(pid: number): ProcessFact | undefined {
    return this.#now.get(pid);
  }

  /** A process of the baseline. */
  before(pid: number): ProcessFact | null {
    return this.#pidsBefore.get(pid) ?? null;
  }

  /** Whether it ran at the baseline. */
  ranBefore(fact: ProcessFact): boolean {
    return this.#before.has(processKey(fact));
  }

  /** Whether one of root's processes with this name is in both readings. */
  ranThroughout(name: string): boolean {
    return [...this.all()].some((fact) => fact.name === name && fact.uid === 0 && this.ranBefore(fact));
  }

  /** The scanner or its launcher, which is the same program twice. */
  isScanner(pid: number): boolean {
    return this.#own.has(pid);
  }

  /** Of a pid at the baseline. */
  wasScanner(pid: number): boolean {
    return this.#ownBefore.has(pid);
  }

  /** The scanner, or one that it comes from. */
  isAbove(pid: number): boolean {
    return this.#above.has(pid);
  }

  /** Whether a process only reads what the scanner prints. */
  isReader(pid: number): boolean {
    return this.#readers.has(pid);
  }

  /** Who a process of the baseline was, and what became of it. */
  fateOf(pid: number): string {
    const fact = this.#pidsBefore.get(pid);
    const now = this.#now.get(pid);
    const runs = fact !== undefined && now !== undefined && processKey(fact) === processKey(now) && now.state !== "Z";
    return `process ${pid} (${fact?.name ?? "not seen"}), which ${runs ? "runs on without it" : "is gone too"}`;
  }
}

function ownPids({ scanner, launcher }: Snapshot): ReadonlySet<number> {
  return new Set([scanner[0]?.pid, launcher].filter((pid) => typeof pid === "number"));
}
