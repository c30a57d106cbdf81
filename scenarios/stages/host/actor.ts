import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

import type * as z from "zod";

import { present } from "../../../foundation/assert.ts";
import { withinDeadline } from "../../../foundation/deadline.ts";
import { HouseguestError } from "../../../foundation/errors.ts";
import { historyVariable, runMarker } from "../../../protocol/job-environment.ts";
import { orAborted } from "../../interruption.ts";
import type { UndoLedger } from "../../undo/undo-ledger.ts";
import { processStat } from "./proc.ts";

/** A process of the cast could not be started, or ended before it was asked to. */
export class ActorError extends HouseguestError {
  override readonly name = "ActorError";
}

export interface ActorExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One real process of the cast: the broker or an agent. */
export interface Actor {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
  /** The last lines that it wrote to its log are there. */
  readonly logFile: string;
  readonly exited: Promise<ActorExit>;
  hasExited(): boolean;
  kill(signal: NodeJS.Signals): void;
}

export interface ActorRequest<T> {
  readonly name: string;
  readonly command: readonly string[];
  /** What the actor prints as one JSON line on stdout once it is ready. */
  readonly ready: z.ZodType<T>;
  readonly readyWithinMs: number;
  readonly run: string;
  /** What it finds in its environment beside the harness's own. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly historyFile: string;
  readonly logDirectory: string;
  /** The run's cgroup, in which the actor gets one of its own; undefined where none is writable. */
  readonly cgroup: string | undefined;
  /** Further cgroups that it is to be in, which are there. */
  readonly cages?: readonly string[];
  readonly ledger: UndoLedger;
  readonly signal: AbortSignal;
}

/** An actor whose process was started, whatever it may come to. */
export interface StartedActor {
  readonly actor: Actor;
  /** The first line that it prints; never, where it ends before. */
  readonly firstLine: Promise<string>;
  /** Refuses to go on with it: it is killed, and the error says why and what it said last. */
  readonly notStarted: (said: string | ActorExit | undefined, withinMs: number) => ActorError;
}

/**
 * Starts an actor in a session of its own (a Ctrl-C at the terminal is the harness's to deal with) and in a cgroup of
 * its own, entered before its program begins, and waits until it is ready. Registered for undoing by marker and cgroup
 * before it exists.
 *
 * @throws ActorError `not-started` with what it said last
 */
export async function startActor<T>(request: ActorRequest<T>): Promise<{ actor: Actor; ready: T }> {
  const { readyWithinMs, signal } = request;
  const { actor, firstLine, notStarted } = launchActor(request);
  const said = await orAborted(
    withinDeadline(Promise.race([firstLine, actor.exited]), { ms: readyWithinMs, late: undefined }),
    signal,
  );
  const answer = typeof said === "string" ? request.ready.safeParse(parseJson(said)) : undefined;
  if (answer?.success !== true) throw notStarted(said, readyWithinMs);
  return { actor, ready: answer.data };
}

/** As `startActor`, and waits for nothing. @throws ActorError where there is no process at all */
export function launchActor(request: Omit<ActorRequest<unknown>, "ready" | "readyWithinMs" | "signal">): StartedActor {
  const { name, command, cgroup } = request;
  const logFile = join(request.logDirectory, `${name}.log`);
  const log = openSync(logFile, "a", 0o600);
  const enter = enterCgroups([...(cgroup === undefined ? [] : [join(cgroup, name)]), ...(request.cages ?? [])]);
  const [file, ...args] = [...enter, ...command] as [string, ...string[]];
  // The log is handed over as a file, not piped through here: the actor outlives a killed harness unharmed.
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", "pipe", log],
    env: {
      ...process.env,
      ...request.environment,
      ...{ [runMarker]: request.run, [historyVariable]: request.historyFile },
    },
  });
  closeSync(log);
  const exited = new Promise<ActorExit>((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const firstLine = new Promise<string>((resolve) => {
    createInterface({ input: present(child.stdout, "stdout is a pipe") }).once("line", resolve);
  });
  const notStarted = (said: string | ActorExit | undefined, withinMs: number): ActorError => {
    child.kill("SIGKILL");
    return actorError(name, logFile, said, withinMs);
  };
  const { pid } = child;
  if (pid === undefined) throw notStarted({ code: null, signal: null }, 0);
  // A descendant that escaped may hold the other end of the pipe for ever; it must not hold up the harness's end.
  child.unref();
  (child.stdout as Socket | null)?.unref();
  const startTime = processStat(pid)?.startTime ?? "";
  request.ledger.register({ undo: "kill-process", pid, startTime, name });
  const actor = {
    ...{ name, pid, startTime, logFile, exited },
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
  };
  return { actor, firstLine, notStarted };
}

/**
 * A shell that moves itself into the cgroups and becomes the program, so that nothing runs outside them even for a
 * moment.
 */
function enterCgroups(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  for (const path of paths) mkdirSync(path, { recursive: true });
  const enter = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
  return ["/bin/sh", "-c", enter, "sh", ...paths, "--"];
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function actorError(name: string, logFile: string, ready: string | ActorExit | undefined, ms: number): ActorError {
  const why =
    ready === undefined
      ? `said nothing within ${ms / 1000} s`
      : typeof ready === "string"
        ? `answered something else than expected: ${ready.slice(0, 200)}`
        : `ended at once (exit code ${ready.code ?? ready.signal})`;
  return new ActorError(`${name} did not start: it ${why}.${lastWords(logFile)}`, {
    code: "not-started",
    next: `Read why in ${logFile}.`,
  });
}

/** The line of the log that says why, or the last one, to spare the reader the way there. */
function lastWords(logFile: string): string {
  const lines = readFileSync(logFile, "utf8").split("\n").filter(Boolean);
  const said = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return said === undefined ? "" : ` It said: ${said.trim().slice(0, 300)}`;
}
