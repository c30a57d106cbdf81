import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { CallSource, type CallSourceOptions } from "../watch/calls/call-source.ts";
import { openTracefs } from "../watch/calls/tracefs.ts";

export const callWatcher = join(import.meta.dirname, "call-watcher.ts");
const kernelAsker = join(import.meta.dirname, "kernel-asker.ts");

/** What this machine lacks for watching system calls; null if nothing. */
export async function lackForCalls(): Promise<string | null> {
  const source = await CallSource.open();
  if ("refusal" in source) return source.refusal;
  source.close();
  return null;
}

/** Watches until the test ends. */
export async function watchedCalls(options: CallSourceOptions = {}): Promise<CallSource> {
  const source = await CallSource.open(options);
  if ("refusal" in source) throw new Error(source.refusal);
  onTestFinished(() => source.close());
  return source;
}

/** A process that has ended. */
export interface Ran {
  readonly pid: number;
  readonly output: string;
}

/** @throws Error when it fails */
export function run(program: string, ...parameters: string[]): Ran {
  const { pid, stdout, stderr, status, error } = spawnSync(program, parameters, { encoding: "utf8" });
  if (error !== undefined || status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return { pid, output: stdout.trim() };
}

/** A function of the C library, as koffi declares it, and what it is given. */
type Question = readonly [declaration: string, ...given: unknown[]];

/** Calls functions of the C library in a process of its own. */
export function ask(
  questions: readonly Question[],
  { place = "main", times = 1 }: { readonly place?: "main" | "thread"; readonly times?: number } = {},
): Ran {
  return run(process.execPath, kernelAsker, place, JSON.stringify(questions), String(times));
}

/** @param look told the directory of all instances */
export async function withInstances<T>(look: (directory: string) => T): Promise<T> {
  const tracefs = await openTracefs();
  if ("refusal" in tracefs) throw new Error(tracefs.refusal);
  try {
    return look(join(tracefs.path, "instances"));
  } finally {
    tracefs.close();
  }
}

/** Instances of this process or of another. */
export function instancesOf(pid: number | undefined): Promise<string[]> {
  return withInstances((directory) => readdirSync(directory).filter((name) => name.startsWith(`houseguest-${pid}-`)));
}
