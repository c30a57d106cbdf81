import { readFileSync } from "node:fs";
import { constants } from "node:os";

/**
 * Whether a process has a handler for a signal. To one that has none, and may not have come so far yet, the signals of
 * `protocol/cooperative-checkpoint.ts` are deadly. That it blocks a signal says nothing: shells and C libraries block
 * all of them for the moment in which they start another program.
 */
export function listensFor(pid: number, signal: NodeJS.Signals): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    // It is gone.
    return false;
  }
  // proc_pid_status(5): a mask in hexadecimal, the lowest bit for signal 1.
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}
