import { appendFileSync } from "node:fs";

/** One call of a journal, as it can be told in the next run too. */
export interface JournalPoint {
  /** What was written, without what differs from run to run. */
  readonly label: string;
  /** The how manieth of its label it is in one process, counted from 1. */
  readonly occurrence: number;
}

/** A point of a journal, and on which side of it the process is killed. */
export interface CrashPoint extends JournalPoint {
  readonly edge: "before" | "after";
}

/** Where a process writes the points that it comes by, one JSON object a line. */
export const pointsVariable = "HOUSEGUEST_POINTS_FILE";
/** The crash point at which a process is killed, as JSON. */
export const crashPointVariable = "HOUSEGUEST_CRASH_POINT";
/** The how manieth write of the journal a process is killed after, counted from 1. */
export const crashAtVariable = "HOUSEGUEST_CRASH_AT";

/** Counts the points that this process comes by; `pass` is told each, on both sides of the write. */
export class JournalPoints {
  readonly #seen = new Map<string, number>();
  readonly #file = process.env[pointsVariable];
  readonly #crash = parse(process.env[crashPointVariable]);
  readonly #crashAt = Number(process.env[crashAtVariable] ?? Infinity);
  #passed = 0;

  /** Does the write, unless the process is to be killed before it; the kernel kills it in between otherwise. */
  pass(call: string, given: unknown, write: () => void): void {
    const label = labelOf(call, given);
    const occurrence = (this.#seen.get(label) ?? 0) + 1;
    this.#seen.set(label, occurrence);
    const isHere = this.#crash?.label === label && this.#crash.occurrence === occurrence;
    if (isHere && this.#crash?.edge === "before") process.kill(process.pid, "SIGKILL");
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify({ label, occurrence })}\n`);
    write();
    this.#passed += 1;
    if (isHere || this.#passed === this.#crashAt) process.kill(process.pid, "SIGKILL");
  }
}

/** What a write is called: its call and its subject, and of a withdrawal's note how far that is. */
function labelOf(call: string, given: unknown): string {
  const { key, value, kind, path, leaseId } = (typeof given === "string" ? { key: given } : given) as {
    readonly key?: string;
    readonly value?: { readonly current?: string; readonly steps?: readonly unknown[] } | null;
    readonly kind?: string;
    readonly path?: string;
    readonly leaseId?: string;
  };
  const subject = key ?? `${kind}:${leaseId ?? path}`;
  const step = value?.current === undefined ? "" : ` ${value.current}, ${value.steps?.length ?? 0} steps`;
  const gone = value === null ? " gone" : "";
  // Ids and temporary places differ from run to run, and where they stand in a path says enough.
  const steady = subject.replace(/\/.*(?=\/(data|home)\b)/, "").replaceAll(/[0-9a-f]{12,}/g, "#");
  return `${call} ${steady.replace(/^(cgroup):\/.*\/(houseguest-#)/, "$1:$2")}${step}${gone}`;
}

function parse(text: string | undefined): CrashPoint | null {
  return text === undefined ? null : (JSON.parse(text) as CrashPoint);
}
