import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import type { Socket } from "node:net";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import type { Enclosure } from "./enclosure.ts";
import { jobEnvironmentOf } from "./environment.ts";
import { type KeeperLine, keeperLine } from "./keeper-line.ts";
import { entranceScript, keeperScript, shell, takeOverScript } from "./launch-scripts.ts";
import type { SandboxExit, SandboxRequest } from "./port.ts";
import { SandboxError } from "./sandbox-error.ts";

export interface SpawnedJob {
  /** The agent's child: the job's first process, or the outermost of the enclosure's keepers. */
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<SandboxExit>;
  /** Resolves once the job's own program runs, or with the reason why it could not be started. */
  readonly started: Promise<SandboxError | null>;
  /** To the enclosure's keeper, if it has one; it waits to be told to go on. */
  readonly line: KeeperLine | null;
}

/** The limits that the kernel puts on every process of a job (getrlimit(2)); null for none. */
export interface ProcessLimits {
  readonly fileBytesMax: number;
  readonly processesMax: number | null;
  readonly addressBytesMax: number | null;
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** `ulimit -f` counts in these, `ulimit -v` in KiB. */
const blockBytes = 512;
const kibibyte = 1_024;

/**
 * Starts the job's program in a session of its own; everything up to the fork is synchronous.
 *
 * @throws SandboxError `spawn-failed`; nothing is left then
 */
export function spawnJob({
  request,
  environment,
  cgroup,
  enclosure,
  limits,
}: {
  readonly request: SandboxRequest;
  readonly environment: NodeJS.ProcessEnv;
  readonly cgroup: string | null;
  readonly enclosure: Enclosure;
  readonly limits: ProcessLimits;
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
    const place = { workspace: request.workspace, sizeBytes: request.job.workspaceBytesMax };
    const command = enclosure.enclose(place, commandOf({ request, kept: enclosure.kept, limits }));
    const stdio: StdioOptions = ["ignore", log, log, "pipe"];
    child = spawn(shell, ["-c", entranceScript, "houseguest-job", entrance, ...command], {
      cwd: request.workspace,
      env: variables,
      detached: true,
      stdio: enclosure.kept ? [...stdio, "pipe"] : stdio,
    });
  } catch (error) {
    undo();
    throw failure(request, { reason: messageOf(error), cause: error });
  } finally {
    closeSync(log);
  }
  const childEnded = new Promise<SandboxExit>((settle) => {
    child.once("exit", (exitCode, signal) => settle({ exitCode, signal }));
  });
  const started = waitForProgram({ request, child, childEnded, undo });
  if (child.pid === undefined) return { pid: -1, child, exited: childEnded, started, line: null };
  const line = enclosure.kept ? keeperLine(child.stdio[4] as Socket) : null;
  return { pid: child.pid, child, exited: line?.exited ?? childEnded, started, line };
}

/** The shell that becomes the job's program, behind the keeper where there is one. */
function commandOf({
  request,
  kept,
  limits,
}: {
  request: SandboxRequest;
  kept: boolean;
  limits: ProcessLimits;
}): string[] {
  const { fileBytesMax, processesMax, addressBytesMax } = limits;
  const takeOver = [
    ...[shell, "-c", takeOverScript({ kept }), "houseguest-job"],
    String(Math.ceil(fileBytesMax / blockBytes)),
    processesMax === null ? "" : String(processesMax),
    addressBytesMax === null ? "" : String(Math.ceil(addressBytesMax / kibibyte)),
    ...request.job.command,
  ];
  return kept ? [shell, "-c", keeperScript, "houseguest-keeper", ...takeOver] : takeOver;
}

function waitForProgram({
  request,
  child,
  childEnded,
  undo,
}: {
  request: SandboxRequest;
  child: ChildProcess;
  childEnded: Promise<SandboxExit>;
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
      if (said === "ready\n") return settle(null);
      // The keeper of a program that was not started waits for nothing.
      (child.stdio[4] as Socket | undefined)?.end();
      void childEnded.then(() => {
        const reason = reasonOf(said, request, (child.stdio[4] ?? null) !== null);
        undo();
        settle(failure(request, { reason }));
      });
    });
  });
}

function reasonOf(said: string, { logFile }: SandboxRequest, isEnclosed: boolean): string {
  if (said.startsWith("cgroup")) return "its cgroup could not be entered";
  if (said.includes("exec")) {
    return isEnclosed
      ? "it cannot be executed in its sandbox, which shows it this host's programs and what --job-read names"
      : "the kernel refused to execute it";
  }
  const complaint = lastLine(logFile);
  return `its sandbox could not be made${complaint === "" ? "" : ` (${complaint})`}`;
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, "utf8").trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  } catch {
    return "";
  }
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
