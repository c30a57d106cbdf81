import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";

import { readProc, readProcRecord } from "./proc.ts";

/** Where whoever opens a named pipe waits until somebody opens its other end: the latter where the former is built into it (fs/pipe.c). */
const waitingIn: ReadonlySet<string | undefined> = new Set(["wait_for_partner", "fifo_open"]);
/** openat(2) and open(2) by their numbers: x86_64's; of openat(2) what all newer architectures share as well. */
const calls: Readonly<Record<string, { readonly directoryAt: number | null; readonly nameAt: number }>> = {
  ...(process.arch === "x64" ? { 2: { directoryAt: null, nameAt: 1 }, 257: { directoryAt: 1, nameAt: 2 } } : {}),
  ...(process.arch === "x64" ? {} : { 56: { directoryAt: 1, nameAt: 2 } }),
};
/** AT_FDCWD */
const workingDirectory = -100;
const accessMode = 0o3;
/** PATH_MAX */
const nameBytesMax = 4_096;

/** A process that will read from a named pipe, or write to it, as soon as somebody opens it at its other end. */
export interface WaitingToOpen {
  /** `DEVICE:INODE` */
  readonly file: string;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** What a thread opens: `directory` is a descriptor, or null for where the thread is; `nameAt` an address of its own. */
export interface OpeningCall {
  readonly directory: number | null;
  readonly nameAt: bigint;
  readonly mode: number;
}

/**
 * Which named pipes a process is just opening, in any of its threads. It has no descriptor of them yet, and a shell that
 * takes its orders by `while read -r order < pipe` has none but while somebody writes.
 *
 * @returns none where it opens none, or this user may not see that
 */
export function readWaitingToOpen(pid: number): WaitingToOpen[] {
  return threadsOf(pid).flatMap((thread) => readThread(pid, `/proc/${pid}/task/${thread}`) ?? []);
}

function readThread(pid: number, place: string): WaitingToOpen | null {
  // Compilers name what they made of a function `wait_for_partner.isra.0`.
  if (!waitingIn.has(readProc(`${place}/wchan`)?.split(".")[0])) return null;
  const call = parseOpening(readProcRecord(`${place}/syscall`) ?? "");
  const name = call === null ? null : readName(pid, call.nameAt);
  if (call === null || name === null) return null;
  const { directory, mode } = call;
  const there = name.startsWith("/") ? "root" : directory === null ? "cwd" : `fd/${directory}`;
  const file = identityOf(`${place}/${there}/${name}`);
  return file === null ? null : { file, reads: mode !== 1, writes: mode !== 0 };
}

/** @param text the call's number and its six arguments (proc_pid_syscall(5)) */
export function parseOpening(text: string): OpeningCall | null {
  const [number = "", ...words] = text.trim().split(" ");
  const call = calls[number];
  if (call === undefined) return null;
  // Of an int the upper half is as it happened to be: some C libraries extend its sign into that, others do not.
  const argument = (index: number): bigint => BigInt(words[index - 1] ?? 0);
  const int = (index: number): number => Number(BigInt.asIntN(32, argument(index)));
  const directory = call.directoryAt === null ? workingDirectory : int(call.directoryAt);
  return {
    directory: directory === workingDirectory ? null : directory,
    nameAt: argument(call.nameAt),
    mode: int(call.nameAt + 1) & accessMode,
  };
}

/** Which file it is, whatever its names and the links to it. @param path one character a byte */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(Buffer.from(path, "latin1"), { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
    return [];
  }
}

function readName(pid: number, address: bigint): string | null {
  try {
    const memory = openSync(`/proc/${pid}/mem`, "r");
    try {
      const bytes = Buffer.alloc(nameBytesMax);
      const read = readSync(memory, bytes, 0, nameBytesMax, address);
      const end = bytes.subarray(0, read).indexOf(0);
      return end < 1 ? null : bytes.toString("latin1", 0, end);
    } finally {
      closeSync(memory);
    }
  } catch {
    return null;
  }
}
