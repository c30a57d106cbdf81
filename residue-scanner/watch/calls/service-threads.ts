import type { Birth } from "../../core/call-pairing.ts";
import { threadFlag } from "../../core/kernel-constants.ts";
import { procThreads, type ThreadLooks } from "./thread-looks.ts";

/** From what it follows that somebody serves who did not before. */
export interface ServiceSigns {
  /** Of threads and of processes, the first one first. */
  readonly births: readonly Pick<Birth, "thread" | "made" | "flags" | "atNs">[];
  /** Threads that bound a socket to a name or a port, or listened at one (bind(2), listen(2)). */
  readonly serving: readonly number[];
}

/** Who is among them now that was not before: whoever serves is asked at once, those that come from them seldom. */
export type Joined = "nobody" | "followers" | "services";

interface Member {
  /** Its first thread. */
  readonly process: number;
  /** What that ran when it joined. */
  readonly program: string | null;
  /** Null where it had ended before it could be looked at. */
  readonly startTime: string | null;
  /** Monotonic, in ns: earlier requests are nothing to it. */
  readonly sinceNs: number;
}

interface Candidate {
  looksLeft: number;
  nextNs: number;
  /** What its maker runs, where that hands sockets to others; null for one that named a socket itself. */
  readonly before: string | null;
}

/** A call is told at its beginning, and a service's socket is listened at a little after it has a name. */
const looksMax = 8;
const lookEveryNs = 250e6;
const sweepEveryNs = 1e9;
const serviceManager = 1;

/**
 * The threads of whoever others can ask for something: other processes than this one and those that come from it, which
 * wait at a unix(7) socket with a name, or for datagrams of udp(7) from anybody (`ThreadLooks`). Their children are among
 * them for as long as they run the same program, and have its sockets; those of the service manager, which hands sockets
 * to what it starts, once they run another one and have such a socket.
 */
export class ServiceThreads {
  private readonly looks: ThreadLooks;
  private readonly members = new Map<number, Member>();
  private readonly candidates = new Map<number, Candidate>();
  private sweptNs = 0;

  constructor(looks: ThreadLooks = procThreads) {
    this.looks = looks;
    for (const process of looks.services()) this.addProcess(process, 0);
  }

  get all(): readonly number[] {
    return [...this.members.keys()];
  }

  /** Whether a thread was one of them: ids are used again. */
  has(thread: number, atNs: number): boolean {
    const member = this.members.get(thread);
    return member !== undefined && member.sinceNs <= atNs;
  }

  /** @param nowNs monotonic */
  follow({ births, serving }: ServiceSigns, nowNs: number): Joined {
    for (const thread of new Set(serving)) {
      const process = this.looks.threadsOf(thread)[0];
      if (process === undefined || this.members.has(thread) || this.looks.isOfThisProcess(process)) continue;
      this.candidates.set(process, { looksLeft: looksMax, nextNs: nowNs, before: null });
    }
    let hasFollowers = false;
    for (const birth of births) if (this.bear(birth, nowNs)) hasFollowers = true;
    const hasServices = this.lookAtCandidates(nowNs);
    if (nowNs - this.sweptNs >= sweepEveryNs) this.sweep(nowNs);
    if (hasServices) return "services";
    return hasFollowers ? "followers" : "nobody";
  }

  private bear({ thread, made, flags, atNs }: ServiceSigns["births"][number], nowNs: number): boolean {
    const maker = this.members.get(thread);
    const isKnown = this.members.delete(made);
    if (maker === undefined) return false;
    const isThread = (flags & threadFlag) !== 0;
    const { program } = maker;
    if (!isThread && maker.process === serviceManager) {
      // It is handed the sockets that it is to serve at; until it runs another program it has all of its maker's.
      this.candidates.set(made, { looksLeft: looksMax, nextNs: nowNs, before: program ?? "" });
      return false;
    }
    // One that runs another program has been handed nothing to serve at.
    if (!isThread && (program === null || this.looks.programOf(made) !== program)) return false;
    const process = isThread ? maker.process : made;
    this.members.set(made, { process, program, startTime: this.looks.startTimeOf(made), sinceNs: atNs });
    return !isKnown;
  }

  /** @returns whether one of them serves */
  private lookAtCandidates(nowNs: number): boolean {
    let any = false;
    for (const [process, candidate] of this.candidates) {
      if (candidate.nextNs > nowNs) continue;
      candidate.looksLeft -= 1;
      candidate.nextNs = nowNs + lookEveryNs;
      const isServing = !this.isForked(process, candidate) && this.looks.servesAtName(process);
      if (isServing) this.addProcess(process, nowNs);
      if (isServing) any = true;
      const hasEnded = this.looks.threadsOf(process).length === 0;
      if (isServing || hasEnded || candidate.looksLeft === 0) this.candidates.delete(process);
    }
    return any;
  }

  /** Whether it runs what made it still, or does not show what. */
  private isForked(process: number, { before }: Candidate): boolean {
    if (before === null) return false;
    const program = this.looks.programOf(process);
    return program === null || program === before;
  }

  private addProcess(process: number, sinceNs: number): void {
    const program = this.looks.programOf(process);
    for (const thread of this.looks.threadsOf(process)) {
      this.members.set(thread, { process, program, startTime: this.looks.startTimeOf(thread), sinceNs });
    }
  }

  /** Who has ended, and who goes on with another program (execve(2)) and has nothing any more to serve at. */
  private sweep(nowNs: number): void {
    this.sweptNs = nowNs;
    for (const [thread, { process, program, startTime }] of this.members) {
      const now = this.looks.startTimeOf(thread);
      if (now === null || now !== startTime) this.members.delete(thread);
      else if (thread === process && this.runsAnother(process, program)) this.becameAnother(process, nowNs);
    }
  }

  private runsAnother(process: number, program: string | null): boolean {
    const now = this.looks.programOf(process);
    // Its first thread may have ended, and the others go on.
    return now !== null && now !== program;
  }

  private becameAnother(process: number, nowNs: number): void {
    for (const [thread, member] of this.members) if (member.process === process) this.members.delete(thread);
    if (this.looks.servesAtName(process)) this.addProcess(process, nowNs);
  }
}
