import type { CallEvent } from "./call-events.ts";

/** A system call by the thread that made it, before anybody knows which process that was. */
export interface RawAct {
  readonly thread: number;
  readonly call: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly returned: number | null;
  /** Monotonic time of its beginning, in ns. */
  readonly atNs: number;
}

/** That a thread made another, or a process with namespaces of its own. */
export interface Birth {
  readonly thread: number;
  /** The id of what it made. */
  readonly made: number;
  /** Of clone(2). */
  readonly flags: number;
  readonly atNs: number;
}

export interface RawBatch {
  readonly acts: readonly RawAct[];
  readonly births: readonly Birth[];
}

type Enter = Extract<CallEvent, { kind: "enter" }>;
type Exit = Extract<CallEvent, { kind: "exit" }>;

/** A thread goes on on another processor, whose events may have been read before those of the one it came from. */
interface EarlyExit {
  readonly event: Exit;
  readonly batch: number;
}

/** Brings beginnings and ends of calls together. */
export class CallPairing {
  private readonly open = new Map<number, Enter>();
  private early: EarlyExit[] = [];
  private batch = 0;
  /** When the ends of a call that turns them on were last turned off: until this time, and from that one. */
  private ceased: { readonly call: string; readonly fromNs: number; readonly toNs: number } | null = null;

  /** Calls that began and have not come back yet. */
  get unfinished(): number {
    return this.open.size;
  }

  /** How many calls of a kind have not come back. */
  unfinishedOf(call: string): number {
    return [...this.open.values()].filter((event) => event.call === call).length;
  }

  /**
   * The ends of a call are told no longer until one that turns them on.
   *
   * @param fromNs they were still told
   * @param toNs they were told no longer
   */
  cease(call: string, fromNs: number, toNs: number): void {
    this.ceased = { call, fromNs, toNs };
  }

  /** @param events what was read in one round over all processors, in any order */
  take(events: readonly CallEvent[]): RawBatch {
    this.batch += 1;
    const acts: RawAct[] = [];
    const births: Birth[] = [];
    const waiting = new Map(this.early.map(({ event, batch }) => [event, batch]));
    this.early = [];
    const sorted = [...waiting.keys(), ...events].sort((one, other) => one.atNs - other.atNs);
    for (const event of sorted) {
      if (event.kind === "birth") {
        births.push({ thread: event.thread, made: event.made, flags: event.flags, atNs: event.atNs });
      } else if (event.kind === "deed") {
        acts.push(rawAct(event, null));
      } else if (event.kind === "enter") {
        this.enter(event, acts);
      } else if (event.kind === "exit" && !this.exit(event, acts)) {
        const since = waiting.get(event) ?? this.batch;
        // Its beginning is in the next round at the latest; of a call that was not chosen it never comes.
        if (since === this.batch) this.early.push({ event, batch: since });
      }
    }
    this.giveUp(acts);
    return { acts, births };
  }

  /** The calls that have not come back. */
  finish(): RawAct[] {
    const acts = [...this.open.values()].map((event) => rawAct(event, null));
    this.open.clear();
    this.early = [];
    return acts;
  }

  private enter(event: Enter, acts: RawAct[]): void {
    const before = this.open.get(event.thread);
    // Its end was lost, or the thread was killed in it and another has its id.
    if (before !== undefined) {
      this.open.delete(event.thread);
      acts.push(rawAct(before, null));
    }
    if (event.isEndTraced) this.open.set(event.thread, event);
    else acts.push(rawAct(event, null));
  }

  private exit(event: Exit, acts: RawAct[]): boolean {
    const begun = this.open.get(event.thread);
    if (begun === undefined || begun.call !== event.call) return false;
    this.open.delete(event.thread);
    // Its own end was not told: this one is that of a later call, which is none of those that are chosen.
    const isAnothers = this.isCeasedAfter(begun) && event.atNs > (this.ceased?.fromNs ?? 0);
    acts.push(rawAct(begun, isAnothers ? null : event.returned));
    return true;
  }

  /** Calls whose end was to come, and was not told because those were turned off in the same moment. */
  private giveUp(acts: RawAct[]): void {
    for (const begun of this.open.values()) {
      if (!this.isCeasedAfter(begun)) continue;
      this.open.delete(begun.thread);
      acts.push(rawAct(begun, null));
    }
  }

  private isCeasedAfter({ call, atNs }: Enter): boolean {
    return this.ceased?.call === call && atNs <= this.ceased.toNs;
  }
}

function rawAct(
  { thread, call, parameters, atNs }: Pick<Enter, "thread" | "call" | "parameters" | "atNs">,
  returned: number | null,
): RawAct {
  return { thread, call, parameters, returned, atNs };
}
