import type { Birth, RawAct, RawBatch } from "./call-pairing.ts";
import { threadFlag } from "./kernel-constants.ts";
import { type Ancestry, type NamespaceKind, NamespaceTracker } from "./namespace-tracker.ts";
import type { Act } from "./recording.ts";

/** Who had a pid at a time, and who comes from whom: the recorder's lineage. */
export interface ProcessFinder extends Ancestry {
  /** @returns the serial; null where nobody is known to have had it then */
  serialAt(pid: number, atNs: number): number | null;
  /** Wall time in ms of a monotonic time in ns. */
  wallMs(atNs: number): number;
}

/** Most threads that are kept; beyond it the oldest are forgotten. */
const threadsMax = 200_000;
/** A birth is told a little before the process event that gives the new process its beginning. */
const birthLeadNs = 1e6;

/**
 * Finds the process of whoever made a call, and whether that was in namespaces of its own. The kernel's events tell the
 * thread, whose id is the process's pid only for the first one; ids of both come from one range, and are used again.
 */
export class ActResolver {
  /** Acts whose process nobody knows. */
  unresolved = 0;
  private readonly finder: ProcessFinder;
  private readonly namespaces: NamespaceTracker;
  private readonly owners = new Map<number, { readonly pid: number; readonly sinceNs: number }>();

  constructor(finder: ProcessFinder) {
    this.finder = finder;
    this.namespaces = new NamespaceTracker(finder);
  }

  /** A thread that was there before the events began. */
  hadThread(pid: number, thread: number): void {
    if (thread !== pid) this.owners.set(thread, { pid, sinceNs: 0 });
  }

  /** A process that was in other namespaces than the recorder before the events began. */
  wasApart(serial: number, kinds: readonly NamespaceKind[]): void {
    this.namespaces.wasApart(serial, kinds);
  }

  /** The finder must know by now who was born up to the batch's end. */
  resolve({ acts, births }: RawBatch): Act[] {
    const born = [...births].sort((one, other) => one.atNs - other.atNs);
    const done = [...acts].sort((one, other) => one.atNs - other.atNs);
    const resolved: Act[] = [];
    let next = 0;
    for (const act of done) {
      for (; next < born.length && (born[next] as Birth).atNs <= act.atNs; next += 1) this.bear(born[next] as Birth);
      resolved.push(...this.resolveOne(act));
    }
    for (; next < born.length; next += 1) this.bear(born[next] as Birth);
    return resolved;
  }

  private bear({ thread, made, flags, atNs }: Birth): void {
    if ((flags & threadFlag) === 0) {
      const serial = this.finder.serialAt(made, atNs + birthLeadNs);
      if (serial !== null) this.namespaces.began(serial, flags);
      return;
    }
    const pid = this.pidOf(thread, atNs);
    this.owners.delete(made);
    this.owners.set(made, { pid, sinceNs: atNs });
    if (this.owners.size <= threadsMax) return;
    const [oldest] = this.owners.keys();
    if (oldest !== undefined) this.owners.delete(oldest);
  }

  private resolveOne(raw: RawAct): Act[] {
    const { thread, call, parameters, returned, atNs } = raw;
    const pid = this.pidOf(thread, atNs);
    const by = this.finder.serialAt(pid, atNs);
    if (by === null) {
      this.unresolved += 1;
      return [];
    }
    const apart = this.namespaces.of(by, atNs);
    // Another thread than the first one may go elsewhere alone: then it is not known where its process's acts are.
    if (returned === 0 && thread === pid) this.follow(raw, by);
    const entered = this.namespaces.enteredBy(by, atNs);
    // Who was woken is told by a thread's id, too.
    const { woken, ...others } = parameters;
    if (woken !== undefined) {
      const asked = this.finder.serialAt(this.pidOf(Number(woken), atNs), atNs);
      if (asked === null) return [];
      const told = { ...others, asked: String(asked) };
      return [{ by, call, parameters: told, returned, atMs: this.finder.wallMs(atNs) }];
    }
    const told = this.inWords(parameters, atNs);
    const where = { ...(apart.length > 0 && { apart }), ...(entered.length > 0 && { entered }) };
    return [{ by, call, parameters: told, returned, atMs: this.finder.wallMs(atNs), ...where }];
  }

  /** Whom a thread stands for that something was done to (wherever it was done, the kernel tells its id out here), and until when by the clock. */
  private inWords({ target, ...others }: RawAct["parameters"], atNs: number): RawAct["parameters"] {
    const whom = target === undefined ? others : { ...this.targetOf(Number(target), atNs), ...others };
    const { untilNs, ...once } = whom;
    return untilNs === undefined ? whom : { ...once, untilMs: String(this.finder.wallMs(Number(untilNs))) };
  }

  /** Pids are used again: who it was is told by the serial, where it is known. */
  private targetOf(thread: number, atNs: number): { readonly pid: string; readonly serial?: string } {
    const pid = this.pidOf(thread, atNs);
    const serial = this.finder.serialAt(pid, atNs);
    return { pid: String(pid), ...(serial !== null && { serial: String(serial) }) };
  }

  private follow({ call, parameters, atNs }: RawAct, serial: number): void {
    const flags = Number(parameters["flags"] ?? 0);
    // What comes after the call, and nothing before.
    if (call === "unshare") this.namespaces.left(serial, flags, atNs + 1);
    else if (call === "setns") this.namespaces.entered(serial, flags, atNs + 1);
    else if (call === "mount") this.namespaces.mounted(serial, flags, atNs + 1);
  }

  /** Of a thread, or of a process that got the id of one that had ended. */
  private pidOf(thread: number, atNs: number): number {
    const owner = this.owners.get(thread);
    if (owner === undefined || owner.sinceNs > atNs) return thread;
    const serial = this.finder.serialAt(thread, atNs);
    return serial !== null && this.finder.beganNs(serial) > owner.sinceNs ? thread : owner.pid;
  }
}
