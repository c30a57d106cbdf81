import { readdirSync } from "node:fs";

import { type KernelCalls, kernelCalls } from "../kernel-calls.ts";

/** getpriority(2), ioprio_get(2): of one thread. */
const ofThread = { priority: 0, input: 1 } as const;
/** Room for 8,192 processors. */
const mask = Buffer.from(new ArrayBuffer(1_024));
/** What can be set of more threads than this is not compared. */
const threadsMax = 4_096;

/**
 * What anybody with the right may set of the threads beside the first one, of which the process's own facts tell:
 * niceness, scheduling, class of input and output, processors. By the thread's id, as words that are only compared.
 *
 * @param proc whose ids are those of the scanner's own PID namespace
 * @returns null where this platform cannot ask, or the process is gone
 */
export function threadSettingsOf(pid: number, proc: string): readonly string[] | null {
  const calls = kernelCalls();
  if (calls === null) return null;
  try {
    const threads = readdirSync(`${proc}/${pid}/task`).filter((name) => name !== String(pid));
    return threads.slice(0, threadsMax).flatMap((name) => settingsOf(calls, Number(name)));
  } catch {
    return null;
  }
}

function settingsOf(calls: KernelCalls, thread: number): string[] {
  const priority = calls.getPriority(ofThread.priority, thread);
  // Between two looks threads end.
  if (priority < 0) return [];
  const input = calls.ioprioGet(ofThread.input, thread);
  const bytes = calls.schedGetAffinity(thread, mask.length, calls.addressOf(mask));
  const processors = bytes < 0 ? "?" : mask.toString("hex", 0, bytes);
  return [
    `${thread}: nice ${20 - priority}, policy ${calls.schedGetScheduler(thread)}, input ${input}, processors ${processors}`,
  ];
}
