import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryDirectory } from "./temporary-directory.ts";

/** What makes something with a name; the paths are taken from what strace(1) prints of these. */
const makers = "open,openat,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,rename,renameat,renameat2";
const launcher = join(import.meta.dirname, "../../bin/residue.mjs");

/** Whether processes can be traced here: strace(1) is there, and the kernel lets this user. */
export const canTrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;

/** Whether strace lets the kernel sort out which calls stop. */
const canFilter =
  spawnSync("strace", ["-f", "--seccomp-bpf", "-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;

export interface TracedRun {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Every call of `makers` and of what was asked for, by any thread and child, one a line. */
  readonly calls: readonly string[];
  /** Whether the signal was delivered. */
  readonly isSignalled: boolean;
  /** What it, or a child of it, made and is still there. */
  readonly leftovers: readonly string[];
}

/**
 * Runs `residue` under strace(1), which ends only when all children of `residue` have.
 *
 * @param options.interruptAt SIGINT comes to each thread when it makes its n-th call of that name: `openat:700`
 * @param options.about a file: only calls that name it are traced and counted
 * @param options.place its directory for temporary files
 */
export function traceResidue(
  parameters: readonly string[],
  { interruptAt, about, place }: { interruptAt?: string; about?: string; place: string },
): TracedRun {
  const log = join(temporaryDirectory(), "calls");
  const [call = "openat", count] = interruptAt?.split(":") ?? [];
  const inject = count === undefined ? [] : ["-e", `inject=${call}:signal=SIGINT:when=${count}`];
  // What is not traced does not stop then, which takes a third of the time; but strace delivers no signal that way.
  const swift = inject.length === 0 && canFilter ? ["--seccomp-bpf"] : [];
  const tracing = [
    "-f",
    ...swift,
    "-s",
    "4096",
    "-o",
    log,
    "-e",
    `trace=${makers},${call}`,
    "-e",
    "signal=SIGINT",
    ...inject,
  ];
  if (about !== undefined) tracing.push("-P", about);
  // Where it keeps what it compiled, it makes files of which no test means to know; and `interruptAt` counts the calls of
  // the sources.
  const { NODE_COMPILE_CACHE: _compiled, HOUSEGUEST_TEST_BUNDLE: _bundle, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync("strace", [...tracing, process.execPath, launcher, ...parameters], {
    encoding: "utf8",
    env: { ...environment, TMPDIR: place },
  });
  const calls = readFileSync(log, "utf8").split("\n");
  return {
    exitCode: status,
    stdout,
    stderr,
    calls,
    isSignalled: calls.some((line) => line.includes("--- SIGINT ")),
    leftovers: [...new Set(calls.flatMap(madeBy))].filter((path) => existsSync(path)),
  };
}

/** @returns the paths in a call that makes something new; cgroup.procs is written to, which is no making */
function madeBy(line: string): string[] {
  const isOpen = /^\d+\s+(open|openat|creat)\(/.test(line);
  if (isOpen && !line.includes("O_CREAT")) return [];
  if (!/^\d+\s+(open|creat|mk|symlink|link|rename)/.test(line)) return [];
  const paths = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path = ""]) => path);
  return paths.filter((path) => path.startsWith("/") && !path.endsWith("/cgroup.procs"));
}
