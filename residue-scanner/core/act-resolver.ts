import type { RawAct, RawBatch } from "./call-pairing.ts";
import type { Act } from "./recording.ts";

/** Who had a pid at a time: the recorder's lineage. */
export interface ProcessFinder {
  /** @returns null where nobody is known to have had it then */
  holderAt(pid: number, atNs: number): { readonly serial: number; readonly beganNs: number } | null;
  /** Wall time in ms of a monotonic time in ns. */
  wallMs(atNs: number): number;
}

/** Most threads that are kept; beyond it the oldest are forgotten. */
const threadsMax = 200_000;

/**
 * Finds the process of whoever made a call. The kernel's events tell the thread, whose id is the process's pid only for
 * the first one; ids of both come from one range, and are used again.
 */
export class ActResolver {
  /** Acts whose process nobody knows. */
  unresolved = 0;
  private readonly finder: ProcessFinder;
  private readonly owners = new Map<number, { readonly pid: number; readonly sinceNs: number }>();

  constructor(finder: ProcessFinder) {
    this.finder = finder;
  }

  /** A thread that was there before the events began. */
  wasThere(thread: number, pid: number): void {
    if (thread !== pid) this.owners.set(thread, { pid, sinceNs: 0 });
  }

  /** The finder must know by now who was born up to the batch's end. */
  resolve({ acts, threads }: RawBatch): Act[] {
    const born = [...threads].sort((one, other) => one.atNs - other.atNs);
    const done = [...acts].sort((one, other) => one.atNs - other.atNs);
    const resolved: Act[] = [];
    let next = 0;
    for (const act of done) {
      for (; next < born.length && (born[next]?.atNs ?? 0) <= act.atNs; next += 1) this.bear(born[next]);
      resolved.push(...this.resolveOne(act));
    }
    for (; next < born.length; next += 1) this.bear(born[next]);
    return resolved;
  }

  private bear(birth: RawBatch["threads"][number] | undefined): void {
    if (birth === undefined) return;
    const pid = this.pidOf(birth.thread, birth.atNs);
    this.owners.delete(birth.made);
    this.owners.set(birth.made, { pid, sinceNs: birth.atNs });
    if (this.owners.size <= threadsMax) return;
    const [oldest] = this.owners.keys();
    if (oldest !== undefined) this.owners.delete(oldest);
  }

  private resolveOne({ thread, call, parameters, returned, atNs }: RawAct): Act[] {
    const by = this.finder.holderAt(this.pidOf(thread, atNs), atNs)?.serial;
    if (by === undefined) {
      this.unresolved += 1;
      return [];
    }
    return [{ by, call, parameters, returned, atMs: this.finder.wallMs(atNs) }];
  }

  /** Of a thread, or of a process that got the id of one that had ended. */
  private pidOf(thread: number, atNs: number): number {
    const owner = this.owners.get(thread);
    if (owner === undefined || owner.sinceNs > atNs) return thread;
    const holder = this.finder.holderAt(thread, atNs);
    return holder !== null && holder.beganNs > owner.sinceNs ? thread : owner.pid;
  }
}
