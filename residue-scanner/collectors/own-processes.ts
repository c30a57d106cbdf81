import { resolve } from "node:path";

import type { ProcessFact } from "../core/fact.ts";
import { readProc, readProcLink } from "./proc.ts";

/** What a process knows of itself, from which its launcher can be told. */
export interface OwnStart {
  /** As `process.argv`. */
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  /** Whether it was started with a channel to its parent. */
  readonly hasChannel: boolean;
}

/**
 * The process that started this program only to run it on another Node (bin/launch.mjs), and that ends with it. Whoever
 * else is above the scanner is a shell or a program that somebody works in: only one that runs this very script with
 * these very arguments, and holds the other end of this process's channel, is the program itself.
 *
 * @param above the scanner and the processes above it, nearest first
 */
export function launcherOf(above: readonly ProcessFact[], start: OwnStart): number | null {
  const parent = above[1];
  if (parent === undefined || !start.hasChannel) return null;
  const [script = "", ...parameters] = start.argv.slice(1);
  const told = (readProc(`/proc/${parent.pid}/cmdline`) ?? "").split("\0").slice(0, -1);
  const text = told.map((word) => Buffer.from(word, "latin1").toString("utf8"));
  const scriptAt = text.length - parameters.length - 1;
  if (scriptAt < 1 || resolve(start.workingDirectory, text[scriptAt] ?? "") !== script) return null;
  return parameters.every((parameter, index) => text[scriptAt + 1 + index] === parameter) ? parent.pid : null;
}

/** Clock ticks of starttime in proc_pid_stat(5), 100 a second: a shell starts all of a pipeline at once. */
const startedTogetherTicks = 100;

/**
 * The processes that read what the scanner prints (`residue diff … | less`), directly or one from the other.
 *
 * What the run left can be none of them: each was started within a second of the scanner's own job, by the same
 * process above the scanner, in the scanner's session, and reads as its standard input a pipe whose other end is the
 * output of the scanner or of another one of them. A process that only writes to such a pipe is none.
 *
 * @param above the scanner and the processes above it, nearest first
 */
export function readersOf(above: readonly ProcessFact[], processes: readonly ProcessFact[]): number[] {
  const [scanner] = above;
  if (scanner === undefined) return [];
  const started = new Map(above.slice(1).map(({ pid }, index) => [pid, Number(above[index]?.startTime)]));
  const own = new Set(above.map(({ pid }) => pid));
  const candidates = processes.filter(({ pid, parent, session, startTime }) => {
    const together = Math.abs(Number(startTime) - (started.get(parent) ?? Number.NaN)) <= startedTogetherTicks;
    return together && session === scanner.session && !own.has(pid);
  });
  const readers: number[] = [];
  const pipes = new Set(pipesWrittenBy(scanner.pid));
  for (let found = candidates; found.length > 0; ) {
    found = candidates.filter(({ pid }) => !readers.includes(pid) && pipes.has(inputOf(pid)));
    for (const { pid } of found) {
      readers.push(pid);
      for (const pipe of pipesWrittenBy(pid)) pipes.add(pipe);
    }
  }
  return readers;
}

function inputOf(pid: number): string {
  return readProcLink(`/proc/${pid}/fd/0`) ?? "";
}

function pipesWrittenBy(pid: number): string[] {
  return [1, 2]
    .map((descriptor) => readProcLink(`/proc/${pid}/fd/${descriptor}`) ?? "")
    .filter((target) => target.startsWith("pipe:["));
}
