import {
  executableOf,
  type Member,
  newMember,
  noteOpened,
  type ProcessDetails,
  recordOf,
  unread,
} from "./lineage-member.ts";
import { type ActorClues, firstRunning, firstSince, isDoubtful } from "./pid-holders.ts";
import type { RecordedProcess } from "./recording.ts";

export interface LineageOptions {
  /** Wall time in ms of a monotonic time in ns. */
  readonly wallMs: (atNs: number) => number;
  /** The most processes that are kept; what comes beyond is counted in `dropped`. */
  readonly processesMax: number;
  /** So many processes that have ended and did nothing are kept, for those who ask a little later. */
  readonly idleEndedMax: number;
}

/** When something was done, as far as that is known: monotonic times in ns. */
export interface ActorSpan {
  readonly sinceNs: number;
  readonly untilNs?: number;
}

/**
 * Who comes from whom, from the kernel's own process events. A process is what has a pid for a time: pids are reused,
 * and an event's time, or the latest it can have, tells which of its holders is meant.
 *
 * Threads are no processes. A child made with CLONE_PARENT counts, as the kernel tells it, as a child of its maker's
 * parent.
 */
export class Lineage {
  /** Processes that were not kept because there were too many. */
  dropped = 0;
  /** Answers that had a choice between two holders of one pid that do not come from the same process. */
  ambiguous = 0;
  /** Processes whose beginning was not seen, although it was to be. */
  unannounced = 0;
  /** The latest of them. */
  unannouncedPid: number | null = null;
  /** Nobody asks any more about what was before this time. */
  horizonNs = 0;
  /**
   * When the table of processes was read: whoever is first heard of later must have been announced by a fork. Infinite
   * where it could not be read whole.
   */
  listedNs = Number.POSITIVE_INFINITY;
  private readonly options: LineageOptions;
  private readonly members = new Map<number, Member>();
  private readonly holders = new Map<number, Member>();
  private idleEnded: Member[] = [];
  private nextSerial = 1;

  constructor(options: LineageOptions) {
    this.options = options;
  }

  /**
   * A process that was there when the table of processes was read, which happened after the events had begun to come.
   * @param seenNs when it was read
   */
  wasThere(pid: number, details: ProcessDetails | null, seenNs: number): void {
    const known = this.holders.get(pid);
    // What it did may have been told before the table was read, and its fork, too.
    const member = known?.toNs === null ? known : this.hold(pid, seenNs);
    if (!member.isAnnounced) member.isOlder = true;
    member.details = details;
  }

  /** Says who is the parent of a process that was there; both were. */
  wasChildOf(pid: number, parent: number): void {
    const member = this.holders.get(pid);
    const above = this.holders.get(parent);
    if (member?.isOlder === true && member.parent === null && above !== undefined && above !== member) {
      member.parent = above;
      above.uses += 1;
    }
  }

  fork(event: { readonly parent: number; readonly pid: number; readonly thread: number; readonly atNs: number }): void {
    if (event.thread !== event.pid) {
      const member = this.holderAt(event.pid, event.atNs);
      if (member !== null) member.hasThreads = true;
      return;
    }
    const parent = this.holderAt(event.parent, event.atNs) ?? this.unannouncedHolder(event.parent, event.atNs);
    const known = this.holders.get(event.pid);
    // It was met before its fork was told: in the table of processes, or by what it did.
    if (known?.isAnnounced === false && known.fromNs >= event.atNs) {
      if (!known.isOlder) this.unannounced -= 1;
      known.isOlder = false;
      known.isAnnounced = true;
      known.fromNs = event.atNs;
      known.toNs = null;
      if (known.parent !== null) this.release(known.parent);
      known.parent = parent;
    } else {
      const child = this.hold(event.pid, event.atNs);
      child.isAnnounced = true;
      child.parent = parent;
      // A fork runs what its parent runs until it says otherwise; its start time is its own.
      child.details = { ...(parent.details ?? unread), executable: executableOf(parent), startTime: null };
    }
    parent.uses += 1;
  }

  /** @returns the serial of the process, whose details are no longer what they were */
  exec(pid: number, atNs: number): number {
    const member = this.holderAt(pid, atNs) ?? this.unannouncedHolder(pid, atNs);
    // A thread that is not the first one ends the others, the first one too, and goes on with its pid (execve(2)).
    member.toNs = null;
    member.ranNs = atNs;
    member.details = member.details === null ? null : { ...unread, startTime: member.details.startTime };
    return member.serial;
  }

  /** The end of its first thread, or of one that outlived that one: the last of these is the end of the process. */
  exit(event: {
    readonly pid: number;
    readonly thread: number;
    readonly atNs: number;
    readonly dumped?: boolean;
  }): void {
    const member = this.holderAt(event.pid, event.atNs);
    if (member === null) return;
    const isFirstEnd = member.toNs === null;
    if (isFirstEnd && event.thread !== event.pid) return;
    member.toNs = event.atNs;
    // What the kernel starts for a crash is asked about later, and the kernel says nothing of for whom.
    if (event.dumped === true && !member.dumped) {
      member.dumped = true;
      member.uses += 1;
    }
    if (isFirstEnd && member.uses === 0) this.letGoLater(member);
  }

  /** What was read of a process; ignored for one that is no longer kept. */
  describe(serial: number, details: ProcessDetails): void {
    const member = this.members.get(serial);
    if (member !== undefined) member.details = details;
  }

  /**
   * What a process opened to run, in the order in which it did. A script is followed by who interprets it, and both are
   * followed by the dynamic loader: the first one is what it was asked to run.
   *
   * @param path one character a byte
   */
  opened(serial: number, path: string): void {
    const member = this.members.get(serial);
    if (member !== undefined) noteOpened(member, path);
  }

  /** Processes of which something could be read only while they run, and was not. */
  undescribed(): { serial: number; pid: number }[] {
    return [...this.members.values()]
      .filter(({ toNs, details }) => toNs === null && (details?.startTime ?? null) === null)
      .map(({ serial, pid }) => ({ serial, pid }));
  }

  /**
   * Who did something as `pid`. The kernel's file events have no time of their own: all that is known is that it was
   * in this span, so of several holders of the pid the first one that can have done it then is taken, and the doubt is
   * counted.
   *
   * @param clues asked where there is a choice
   * @returns its serial
   */
  actor(
    pid: number,
    { sinceNs, untilNs = Number.POSITIVE_INFINITY }: ActorSpan,
    nowNs: number,
    clues?: ActorClues,
  ): number {
    const last = this.holders.get(pid) ?? this.unannouncedHolder(pid, nowNs);
    const begun = begunBy(last, untilNs);
    const latest = begun === null || (begun !== last && (begun.toNs ?? begun.fromNs) < sinceNs) ? last : begun;
    let member = firstSince(latest, sinceNs);
    if (!isDoubtful(member, latest)) return member.serial;
    const laterNs = clues?.notBeforeNs() ?? null;
    if (laterNs !== null && laterNs > sinceNs) member = firstSince(latest, laterNs);
    if (!isDoubtful(member, latest)) return member.serial;
    // A program may also have refused to run: the doubt stays.
    this.ambiguous += 1;
    return clues?.isToRun === true ? firstRunning(latest, { from: member, sinceNs }).serial : member.serial;
  }

  /** Whether nobody else got its pid since. */
  isLastWith(pid: number, serial: number): boolean {
    return this.holders.get(pid)?.serial === serial;
  }

  /** The latest by which something can have been done as `pid` that was done by then. */
  latestNs(pid: number, untilNs: number): number {
    const member = begunBy(this.holders.get(pid) ?? null, untilNs);
    // Where threads were seen, or may have been there before, the end of the first one is not yet the process's.
    if (member === null || !member.isAnnounced || member.hasThreads) return untilNs;
    return Math.min(untilNs, member.toNs ?? untilNs);
  }

  /** When the process began: no earlier did it do anything. */
  beganNs(serial: number): number {
    const member = this.members.get(serial);
    return member === undefined || member.isOlder ? 0 : member.fromNs;
  }

  /** Serial of the process that forked it; null where that is not known. */
  parentOf(serial: number): number | null {
    return this.members.get(serial)?.parent?.serial ?? null;
  }

  /** Whether a process is another one, or descends from it. */
  comesFrom(serial: number, ancestor: number): boolean {
    let member = this.members.get(serial) ?? null;
    while (member !== null && member.serial !== ancestor) member = member.parent;
    return member !== null;
  }

  /** @returns null where nobody is known to have had the pid then, or only who had it later */
  serialAt(pid: number, atNs: number): number | null {
    const member = this.holderAt(pid, atNs);
    return member === null || (member.fromNs > atNs && atNs <= member.earlierToNs) ? null : member.serial;
  }

  /** Wall time in ms of a monotonic time in ns. */
  wallMs(atNs: number): number {
    return this.options.wallMs(atNs);
  }

  /** When the process ended; null where it runs on, or is not kept. */
  endedNs(serial: number): number | null {
    return this.members.get(serial)?.toNs ?? null;
  }

  retain(serial: number): void {
    const member = this.members.get(serial);
    if (member !== undefined) member.uses += 1;
  }

  releaseSerial(serial: number): void {
    const member = this.members.get(serial);
    if (member !== undefined) this.release(member);
  }

  /** All that are kept, by serial. */
  processes(): Map<number, RecordedProcess> {
    return new Map([...this.members.values()].map((member) => [member.serial, recordOf(member, this.options.wallMs)]));
  }

  /** Some, and all from whom they come, by serial. */
  ancestry(serials: Iterable<number>): Map<number, RecordedProcess> {
    const found = new Map<number, RecordedProcess>();
    for (const serial of serials) {
      let member = this.members.get(serial) ?? null;
      for (; member !== null && !found.has(member.serial); member = member.parent)
        found.set(member.serial, recordOf(member, this.options.wallMs));
    }
    return found;
  }

  private holderAt(pid: number, atNs: number): Member | null {
    let member = this.holders.get(pid) ?? null;
    while (member !== null && member.fromNs > atNs && member.previous !== null) member = member.previous;
    return member;
  }

  private unannouncedHolder(pid: number, atNs: number): Member {
    const member = this.hold(pid, atNs);
    // Processes that this PID namespace does not see share a pid of 0, and are never announced.
    if (atNs <= this.listedNs || pid === 0) member.isOlder = true;
    else {
      this.unannounced += 1;
      this.unannouncedPid = pid;
    }
    return member;
  }

  private hold(pid: number, fromNs: number): Member {
    const before = this.holders.get(pid) ?? null;
    if (before !== null) before.toNs ??= fromNs;
    const serial = this.nextSerial++;
    const member = newMember({ serial, pid, fromNs, previous: before });
    this.forgetEarlier(member);
    this.holders.set(pid, member);
    if (this.members.size < this.options.processesMax) this.members.set(serial, member);
    else this.dropped += 1;
    return member;
  }

  /** Of those who had a pid one after the other, whoever ended before the horizon. */
  private forgetEarlier(member: Member): void {
    for (let at = member; at.previous !== null; at = at.previous) {
      const endedNs = at.previous.toNs ?? at.fromNs;
      if (endedNs >= this.horizonNs) continue;
      at.previous = null;
      at.earlierToNs = endedNs;
      return;
    }
  }

  private release(member: Member): void {
    member.uses -= 1;
    if (member.uses === 0 && member.toNs !== null) this.letGoLater(member);
  }

  private letGoLater(member: Member): void {
    this.idleEnded.push(member);
    if (this.idleEnded.length < this.options.idleEndedMax * 2) return;
    const leaving = this.idleEnded.slice(0, this.options.idleEndedMax);
    this.idleEnded = this.idleEnded.slice(this.options.idleEndedMax);
    for (const one of leaving) this.letGo(one);
  }

  private letGo(member: Member): void {
    if (member.uses > 0 || member.toNs === null || !this.members.delete(member.serial)) return;
    if (this.holders.get(member.pid) === member) this.holders.delete(member.pid);
    if (member.parent !== null) this.release(member.parent);
  }
}

/** Who had the pid then, of whom the last one is given; null where all that are known came later. */
function begunBy(last: Member | null, atNs: number): Member | null {
  let member = last;
  while (member !== null && !member.isOlder && member.fromNs > atNs) member = member.previous;
  return member;
}
