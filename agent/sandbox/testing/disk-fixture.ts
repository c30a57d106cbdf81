import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";

import { openDirectory, pathIn } from "../directory-handle.ts";

/** What the tests of this folder set up on the disk and in processes of their own. */

export function fifoAt(path: string): void {
  execFileSync("mkfifo", [path]);
}

export async function socketAt(path: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return server;
}

/** Directories in one another, and a file in the last, whatever a path may be long. */
export function makeDeep({
  directory,
  depth,
  nameLength,
}: {
  directory: string;
  depth: number;
  nameLength: number;
}): void {
  const name = Buffer.alloc(nameLength, "d");
  let at = openDirectory(directory);
  for (let level = 0; level < depth; level += 1) {
    mkdirSync(pathIn(at, name));
    const next = openDirectory(pathIn(at, name));
    closeSync(at);
    at = next;
  }
  writeFileSync(pathIn(at, Buffer.from("file")), "at the bottom");
  closeSync(at);
}

/** Runs a module in a Node of its own, which may be killed or starved. */
export async function runAlone({
  script,
  arguments: extra,
  fileBlocksMax,
  prefix = [],
}: {
  script: string;
  arguments: string[];
  /** The largest file that it may write, in blocks of 512 bytes. */
  fileBlocksMax?: number;
  /** What runs that Node, such as a program that becomes another user first. */
  prefix?: readonly string[];
}): Promise<{ stdout: string; exitCode: number | null; signal: NodeJS.Signals | null }> {
  const limit = fileBlocksMax === undefined ? "" : `ulimit -f ${fileBlocksMax};`;
  const node = [...prefix, process.execPath, "--input-type=module", "-e", script, ...extra];
  const child = spawn("/bin/sh", ["-c", `${limit} exec "$@"`, "sh", ...node], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const [stdout, outcome] = await Promise.all([text(child.stdout), ended]);
  return { stdout, ...outcome };
}
