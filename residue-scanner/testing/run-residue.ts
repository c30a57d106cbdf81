import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

export interface ResidueRun {
  /** Of a run without a shell that of the program itself. */
  readonly pid: number | undefined;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const launcher = join(import.meta.dirname, "../../bin/residue.mjs");

/** Runs the program `residue` as a user would; `uid` makes it another user's, which only root may. */
export async function runResidue(parameters: readonly string[], options: { uid?: number } = {}): Promise<ResidueRun> {
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  return await resultOf(
    spawn(process.execPath, [launcher, ...parameters], { stdio: ["ignore", "pipe", "pipe"], ...user }),
  );
}

/** The same with what a shell adds: parameters, redirections and pipes in its words. Of a pipe the first that fails tells. */
export async function inShell(words: string): Promise<ResidueRun> {
  const script = `set -o pipefail; "$0" "$1" ${words}`;
  return await resultOf(
    spawn("bash", ["-c", script, process.execPath, launcher], { stdio: ["ignore", "pipe", "pipe"] }),
  );
}

async function resultOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<ResidueRun> {
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = (await once(child, "exit")) as [number];
  const [stdout, stderr] = await output;
  return { pid: child.pid, exitCode, stdout, stderr };
}
