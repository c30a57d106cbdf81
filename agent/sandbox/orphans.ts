import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type Koffi from "koffi";

import { assert } from "../../foundation/assert.ts";
import { type ProcessStat, readProcess } from "./proc-stat.ts";

/**
 * Processes that have lost their parent, and that the kernel gave to this process instead of to init (prctl(2),
 * PR_SET_CHILD_SUBREAPER). A job's process can clear its environment, begin a session and outlive its parent between
 * two looks; who its nearest living ancestor is, it cannot choose. Their ends are waited for here.
 */
export interface Orphans {
  /** The pids of this process's children, among them all that it adopted; read afresh. */
  readonly children: () => number[];
  /** Whether this child was adopted, and is not one that this process started itself. */
  readonly isOrphan: (stat: ProcessStat) => boolean;
  /** Adopts no more; who was adopted stays so, and its end is still waited for. */
  close(): void;
}

/** Calls that Node does not have. Each returns less than 0 where the kernel refuses. */
interface NativeCalls {
  readonly setSubreaper: (on: boolean) => number;
  /** waitpid(2) for one child, without waiting. */
  readonly reap: (pid: number) => void;
}

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
/** For so long ends are collected before they are waited for, in milliseconds: a job may make thousands a second. */
const reapAfterMs = 20;
/** Node tells of every ChildProcess that is made (diagnostics_channel, "child_process"). */
const spawnChannel = "child_process";

let calls: NativeCalls | null | undefined;
/** The kernel's switch is one for the whole process, and so is this. */
let shared: (Orphans & { holders: number }) | null = null;

/** @returns null where it cannot be done: not Linux, no native calls, or a kernel that does not list children */
export function adoptOrphans(): Orphans | null {
  shared ??= beginToAdopt();
  if (shared === null) return null;
  const held = shared;
  held.holders += 1;
  let open = true;
  return {
    children: held.children,
    isOrphan: held.isOrphan,
    close() {
      if (!open) return;
      open = false;
      held.holders -= 1;
      assert(held.holders >= 0, "it is given up once by each who took it");
      if (held.holders > 0) return;
      held.close();
      shared = null;
    },
  };
}

function beginToAdopt(): (Orphans & { holders: number }) | null {
  calls ??= nativeCalls();
  if (calls === null) return null;
  const { setSubreaper, reap } = calls;
  const own = readProcess(process.pid);
  const children = (): number[] => childrenIn(`/proc/self/task/${process.pid}/children`);
  let before: ReadonlyMap<number, string | undefined>;
  try {
    before = new Map(children().map((pid) => [pid, readProcess(pid)?.startTime]));
  } catch {
    return null;
  }
  if (own === null || setSubreaper(true) < 0) return null;
  const started = new Set<ChildProcess>();
  const onSpawn = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    started.add(child);
    // Both: a program that could not be started ends without having begun.
    for (const event of ["exit", "error"]) child.once(event, () => void started.delete(child));
  };
  const isOrphan = ({ pid, startTime, parent, session }: ProcessStat): boolean =>
    parent === process.pid &&
    // No job can enter this session, and what the agent starts without a session of its own stays in it.
    session !== own.session &&
    before.get(pid) !== startTime &&
    ![...started].some((child) => child.pid === pid);
  let isClosed = false;
  let reaping: NodeJS.Timeout | null = null;
  const reapEnded = (): void => {
    reaping = null;
    const adopted = children()
      .flatMap((pid) => readProcess(pid) ?? [])
      .filter(isOrphan);
    const ended = adopted.filter(({ state }) => state === "Z");
    for (const { pid } of ended) reap(pid);
    if (!isClosed || ended.length < adopted.length) return;
    process.off("SIGCHLD", onChildEnded);
    unsubscribe(spawnChannel, onSpawn);
  };
  const onChildEnded = (): void => {
    reaping ??= setTimeout(reapEnded, reapAfterMs).unref();
  };
  subscribe(spawnChannel, onSpawn);
  process.on("SIGCHLD", onChildEnded);
  return {
    holders: 0,
    children,
    isOrphan,
    close() {
      isClosed = true;
      setSubreaper(false);
      if (reaping !== null) clearTimeout(reaping);
      // Whoever has ended by now is collected before this process itself ends; the others, when they do.
      reapEnded();
    },
  };
}

/** Those that another agent's process has adopted; it starts nothing outside its own session but jobs. */
export function orphansOf(pid: number): Pick<Orphans, "children" | "isOrphan"> {
  const session = readProcess(pid)?.session ?? -1;
  return {
    children() {
      try {
        return childrenIn(`/proc/${pid}/task/${pid}/children`);
      } catch {
        // It has ended, and has none any more.
        return [];
      }
    },
    isOrphan: (stat) => stat.parent === pid && stat.session !== session,
  };
}

function childrenIn(path: string): number[] {
  return readFileSync(path, "latin1").split(" ").filter(Boolean).map(Number);
}

function nativeCalls(): NativeCalls | null {
  if (process.platform !== "linux") return null;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const libc = koffi.load("libc.so.6");
    const prctl = libc.func(
      "int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)",
    );
    const waitpid = libc.func("int waitpid(int pid, void *status, int options)");
    return {
      setSubreaper: (on) => prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0) as number,
      reap: (pid) => void waitpid(pid, null, WNOHANG),
    };
  } catch {
    // No binary for this platform, or another C library.
    return null;
  }
}
