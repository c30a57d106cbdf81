import { readdirSync, readFileSync } from "node:fs";

import { readOpenFiles } from "../../collectors/open-files.ts";
import { readProcessStat, readProcLink } from "../../collectors/proc.ts";
import type { Birth } from "../../core/call-pairing.ts";
import { threadFlag } from "../../core/kernel-constants.ts";
import { parseUnixTable } from "../../core/socket-table.ts";

/** From what it follows that somebody serves who did not before. */
export interface ServiceSigns {
  /** Of threads and of processes. */
  readonly births: readonly Pick<Birth, "thread" | "made" | "flags">[];
  /** Threads that bound a socket to a name, or listened at one (bind(2), listen(2)). */
  readonly serving: readonly number[];
}

/** More are looked through for those that have ended. */
const threadsKept = 200;
const serviceManager = 1;
/** More ancestors than that nobody has. */
const depthMax = 100;

/**
 * The threads of everybody else who waits at a unix(7) socket that has a name, and of those who come from them: a
 * service starts others, and hands its sockets on. Who has ended may be among them.
 */
export class ServiceThreads {
  private readonly threads: Set<number>;

  constructor(threads: Iterable<number> = threadsOfServices()) {
    this.threads = new Set(threads);
  }

  get all(): readonly number[] {
    return [...this.threads];
  }

  /** @returns whether there are others now */
  follow({ births, serving }: ServiceSigns): boolean {
    const before = this.threads.size;
    for (const thread of new Set(serving)) {
      if (!this.threads.has(thread) && !isOfThisProcess(thread)) this.addAll(threadsOf(thread));
    }
    for (const birth of births) if (this.threads.has(birth.thread) && mayServe(birth)) this.threads.add(birth.made);
    const isMore = this.threads.size > before;
    if (isMore && this.threads.size > threadsKept) this.forgetEnded();
    return isMore;
  }

  private addAll(threads: readonly number[]): void {
    for (const thread of threads) this.threads.add(thread);
  }

  private forgetEnded(): void {
    for (const thread of this.threads) if (readProcessStat(thread) === null) this.threads.delete(thread);
  }
}

/**
 * A thread does, and so does a process that goes on with the program that made it. One that runs another has been handed
 * nothing to serve at, but by a service manager.
 */
function mayServe({ thread, made, flags }: Pick<Birth, "thread" | "made" | "flags">): boolean {
  if ((flags & threadFlag) !== 0 || thread === serviceManager) return true;
  const program = readProcLink(`/proc/${made}/exe`);
  return program !== null && program === readProcLink(`/proc/${thread}/exe`);
}

function threadsOfServices(): number[] {
  const { sockets } = readOpenFiles();
  const pids = parseUnixTable(readFileSync("/proc/net/unix", "latin1"))
    .filter(({ local, state, protocol }) => local !== "" && (state === "listening" || protocol === "unix-dgram"))
    .flatMap(({ inode }) => sockets.get(inode)?.pids ?? []);
  return [...new Set(pids)].filter((pid) => pid !== process.pid).flatMap((pid) => threadsOf(pid));
}

/** Of the process that has this thread. */
function threadsOf(thread: number): number[] {
  try {
    return readdirSync(`/proc/${thread}/task`).map(Number);
  } catch {
    // It has ended, and is asked for nothing any more.
    return [];
  }
}

/** Or of one that comes from it: what the run's own services do is the run's whoever asks them. */
function isOfThisProcess(thread: number): boolean {
  let pid = threadsOf(thread)[0] ?? 0;
  for (let depth = 0; pid > 1 && depth < depthMax; depth += 1) {
    if (pid === process.pid) return true;
    pid = readProcessStat(pid)?.parent ?? 0;
  }
  return false;
}
