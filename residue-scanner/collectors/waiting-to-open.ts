import { closeSync, openSync, readSync } from "node:fs";
import { posix } from "node:path";

import { readProc, readProcLink, readProcRecord } from "./proc.ts";

/** Where whoever opens a named pipe waits until somebody opens its other end: the latter where the former is built into it (fs/pipe.c). */
const waitingIn: ReadonlySet<string | null> = new Set(["wait_for_partner", "fifo_open"]);
/** openat(2) and open(2) by their numbers: x86_64's; of openat(2) what all newer architectures share as well. */
const calls: Readonly<Record<string, { readonly directoryAt: number | null; readonly nameAt: number }>> = {
  ...(process.arch === "x64" ? { 2: { directoryAt: null, nameAt: 1 }, 257: { directoryAt: 1, nameAt: 2 } } : {}),
  ...(process.arch === "x64" ? {} : { 56: { directoryAt: 1, nameAt: 2 } }),
};
/** AT_FDCWD, as an argument of 32 bits is told. */
const workingDirectory = 0xffff_ff9c;
const accessMode = 0o3;
/** PATH_MAX */
const nameBytesMax = 4_096;

/** A process that will read from a named pipe, or write to it, as soon as somebody opens it at its other end. */
export interface WaitingToOpen {
  /** One character a byte. */
  readonly path: string;
  readonly reads: boolean;
  readonly writes: boolean;
}

/**
 * Which named pipe a process is just opening. It has no descriptor of it yet, and a shell that takes its orders by
 * `while read -r order < pipe` has none but while somebody writes.
 *
 * @returns null where it opens none, or this user may not see that
 */
export function readWaitingToOpen(pid: number): WaitingToOpen | null {
  if (!waitingIn.has(readProc(`/proc/${pid}/wchan`))) return null;
  // proc_pid_syscall(5): the call's number and its six arguments.
  const [number = "", ...words] = (readProcRecord(`/proc/${pid}/syscall`) ?? "").trim().split(" ");
  const call = calls[number];
  if (call === undefined) return null;
  const argument = (index: number): number => Number(words[index - 1] ?? Number.NaN);
  const name = readName(pid, argument(call.nameAt));
  if (name === null) return null;
  const mode = argument(call.nameAt + 1) & accessMode;
  const directory = name.startsWith("/") ? "/" : directoryOf(pid, call.directoryAt === null ? null : argument(1));
  if (directory === null) return null;
  return { path: posix.resolve(directory, name), reads: mode !== 1, writes: mode !== 0 };
}

function directoryOf(pid: number, descriptor: number | null): string | null {
  const isHere = descriptor === null || descriptor >>> 0 === workingDirectory;
  return readProcLink(isHere ? `/proc/${pid}/cwd` : `/proc/${pid}/fd/${descriptor}`);
}

function readName(pid: number, address: number): string | null {
  if (!Number.isSafeInteger(address)) return null;
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
