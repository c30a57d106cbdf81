import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import { jobEnvironmentOf } from "./environment.ts";
import type { SandboxExit, SandboxRequest } from "./port.ts";
import { SandboxError } from "./sandbox-error.ts";
import { yieldToHost } from "./yield-to-host.ts";

export interface SpawnedJob {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<SandboxExit>;
  /** Whether its session was made to yield to the host, and must be hurried when it is to stop. */
  readonly yields: boolean;
  /** Resolves once the job's own program runs, or with the reason why it could not be started. */
  readonly started: Promise<SandboxError | null>;
}

const shell = "/bin/sh";
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Runs in the new process before the job's program takes its place, so that the job is in its cgroup before its first
 * instruction. Core dumps would be left outside the workspace. Descriptor 3 tells the agent: it closes without a word
 * when the program has taken over; a word says what failed.
 */
const prologue = [
  "ulimit -c 0",
  'if [ -n "$1" ] && ! echo $$ > "$1"; then echo cgroup >&3; exit 126; fi',
  "shift",
  "trap 'echo exec >&3' EXIT",
  '{ exec "$@"; } 3>&-',
].join("\n");

/**
 * Starts the job's program in a session of its own; everything up to the fork is synchronous.
 *
 * @throws SandboxError `spawn-failed`; nothing is left then
 */
export function spawnJob({
  request,
  environment,
  cgroup,
}: {
  readonly request: SandboxRequest;
  readonly environment: NodeJS.ProcessEnv;
  readonly cgroup: string | null;
}): SpawnedJob {
  const variables = jobEnvironmentOf({ request, environment, defaultPath });
  requireProgram({ request, path: variables["PATH"] ?? defaultPath });
  const logIsOurs = !existsSync(request.logFile);
  const log = openLog(request);
  const undo = (): void => {
    if (logIsOurs) rmSync(request.logFile, { force: true });
  };
  let child: ChildProcess;
  try {
    mkdirSync(variables["TMPDIR"] as string, { recursive: true, mode: 0o700 });
    const entrance = cgroup === null ? "" : join(cgroup, "cgroup.procs");
    child = spawn(shell, ["-c", prologue, "houseguest-job", entrance, ...request.job.command], {
      cwd: request.workspace,
      env: variables,
      detached: true,
      stdio: ["ignore", log, log, "pipe"],
    });
  } catch (error) {
    undo();
    throw failure(request, { reason: messageOf(error), cause: error });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  const exited = new Promise<SandboxExit>((settle) => {
    child.once("exit", (exitCode, signal) => settle({ exitCode, signal }));
  });
  const started = waitForProgram({ request, child, exited, undo });
  if (pid === undefined) return { pid: -1, child, exited, yields: false, started };
  return { pid, child, exited, yields: yieldToHost(pid), started };
}

function waitForProgram({
  request,
  child,
  exited,
  undo,
}: {
  request: SandboxRequest;
  child: ChildProcess;
  exited: Promise<SandboxExit>;
  undo: () => void;
}): Promise<SandboxError | null> {
  return new Promise((settle) => {
    child.once("error", (error) => {
      undo();
      settle(failure(request, { reason: messageOf(error), cause: error }));
    });
    if (child.pid === undefined) return;
    const status = child.stdio[3] as Readable;
    let said = "";
    status.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
    });
    // A broken pipe says no more than its end does.
    status.on("error", () => undefined);
    status.once("close", () => {
      if (said === "") return settle(null);
      void exited.then(() => {
        undo();
        const reason = said.startsWith("cgroup")
          ? "its cgroup could not be entered"
          : "the kernel refused to execute it";
        settle(failure(request, { reason }));
      });
    });
  });
}

function openLog(request: SandboxRequest): number {
  try {
    return openSync(request.logFile, "a", 0o600);
  } catch (error) {
    throw failure(request, { reason: `its log could not be opened (${messageOf(error)})`, cause: error });
  }
}

/** Looks where the shell will look, because only the agent can say precisely what is missing. */
function requireProgram({ request, path }: { request: SandboxRequest; path: string }): void {
  if (!isDirectory(request.workspace)) throw failure(request, { reason: "its workspace is not a directory" });
  const [program = ""] = request.job.command;
  const places = program.includes("/")
    ? [resolve(request.workspace, program)]
    : path.split(":").map((directory) => resolve(request.workspace, directory, program));
  let worst = "there is no such program";
  for (const place of program === "" ? [] : places) {
    try {
      accessSync(place, constants.X_OK);
      if (statSync(place).isFile()) return;
      worst = "it is not a program";
    } catch (error) {
      if (systemCode(error) === "EACCES") worst = "it is not executable for this user";
    }
  }
  throw failure(request, { reason: worst });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function failure(request: SandboxRequest, { reason, cause }: { reason: string; cause?: unknown }): SandboxError {
  const program = JSON.stringify(request.job.command[0]?.slice(0, 200) ?? "");
  return new SandboxError(`Job ${request.jobId} could not be started with the program ${program}: ${reason}.`, {
    code: "spawn-failed",
    next: "Check that the job's program is installed and executable on this host, then submit the job again.",
    cause,
  });
}
