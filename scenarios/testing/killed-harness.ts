import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type HistoryRecord, parseHistoryLine } from "../../protocol/history.ts";
import { allPids, isAlive, processStat } from "../stages/host/proc.ts";

const program = fileURLToPath(new URL("../../bin/scenarios.mjs", import.meta.url));

/** Who is killed: the harness alone, its whole process group, or first its watchdog, so that `scenarios heal` must do it. */
export type Kill = "process" | "group" | "watchdog first";

export interface KilledHarness {
  readonly directory: string;
  /** The history when it was killed. */
  readonly records: readonly HistoryRecord[];
  /** False where the run had ended before its moment came. */
  readonly killed: boolean;
}

/**
 * Runs a scenario on this host in a process group of its own and kills the harness (SIGKILL) as soon as its history
 * satisfies the moment.
 *
 * @param runs a directory without any run, where its run directory comes to lie
 */
export async function killHarness(
  args: readonly string[],
  { runs, kill, moment }: { runs: string; kill: Kill; moment: (records: readonly HistoryRecord[]) => boolean },
): Promise<KilledHarness> {
  mkdirSync(runs, { recursive: true });
  const harness = spawn(process.execPath, [program, "run", ...args, "--output", runs], {
    detached: true,
    stdio: "ignore",
  });
  const exited = once(harness, "exit");
  const ended = exited.then(() => true);
  const watching = new AbortController();
  const { signal } = watching;
  try {
    const name = await Promise.race([ended, firstRun(runs, signal)]);
    if (typeof name !== "string") throw new Error(`the harness ended with ${harness.exitCode} before it ran anything`);
    const directory = join(runs, name);
    const history = join(directory, "history.jsonl");
    const late = await Promise.race([
      ended,
      inFile(directory, history, { signal, holds: (text) => moment(recordsOf(text)) }),
    ]);
    const watchdogs = processesNaming(directory);
    if (kill === "watchdog first") for (const pid of watchdogs) process.kill(pid, "SIGKILL");
    if (!late) process.kill(kill === "group" ? -(harness.pid as number) : (harness.pid as number), "SIGKILL");
    await exited;
    return { directory, records: recordsOf(readFileSync(history, "utf8")), killed: !late };
  } finally {
    watching.abort();
    if (harness.exitCode === null && harness.signalCode === null) harness.kill("SIGKILL");
  }
}

/** Processes whose command line names a path: a run's watchdog, and what it becomes. */
export function processesNaming(path: string): number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const stat = processStat(pid);
      return words.includes(path) && stat !== undefined && isAlive(stat);
    } catch {
      // It ended meanwhile.
      return false;
    }
  });
}

async function firstRun(runs: string, signal: AbortSignal): Promise<string> {
  let found: string | undefined;
  const look = () => {
    found = readdirSync(runs, { withFileTypes: true }).find((entry) => entry.isDirectory())?.name;
    return found !== undefined;
  };
  await inDirectory(runs, look, signal);
  return found as unknown as string;
}

async function inFile(
  directory: string,
  path: string,
  { holds, signal }: { readonly holds: (text: string) => boolean; readonly signal: AbortSignal },
): Promise<false> {
  await inDirectory(directory, () => existsSync(path), signal);
  await inDirectory(path, () => holds(readFileSync(path, "utf8")), signal);
  return false;
}

/** Waits until the look is satisfied, which is taken whenever something there changes, or nobody waits any more. */
async function inDirectory(path: string, look: () => boolean, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(path, { persistent: false, signal }, check);
    function check(): void {
      if (signal.aborted || !look()) return;
      watcher.close();
      resolve();
    }
    check();
  });
}

function recordsOf(text: string): HistoryRecord[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .map(parseHistoryLine)
    .flatMap((parsed) => ("record" in parsed ? [parsed.record] : []));
}
