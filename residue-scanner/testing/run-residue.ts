import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface ResidueRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const launcher = join(import.meta.dirname, "../../bin/residue.mjs");

/** Runs the program `residue` as a user would; `uid` makes it another user's, which only root may. */
export async function runResidue(parameters: readonly string[], options: { uid?: number } = {}): Promise<ResidueRun> {
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const child = spawn(process.execPath, [launcher, ...parameters], { stdio: ["ignore", "pipe", "pipe"], ...user });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = (await once(child, "exit")) as [number];
  const [stdout, stderr] = await output;
  return { exitCode, stdout, stderr };
}
