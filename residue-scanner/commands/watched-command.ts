import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import { readProcess } from "../collectors/processes.ts";
import type { AttributionContext } from "../core/attribution-context.ts";
import type { RunCgroup } from "./run-cgroup.ts";

/** How a command ended. */
export interface CommandEnd {
  /** As a shell tells it: 128 + the signal's number after a signal. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  readonly processes: AttributionContext["processes"];
}

const forwarded = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

/**
 * Runs a command with this process's own standard streams, marked by its environment and, where that is possible, by
 * a cgroup. Signals to this process go on to the command.
 *
 * @throws UsageError when it cannot be started
 */
export async function runCommand(
  command: readonly string[],
  {
    runId,
    cgroup,
    onStart = () => undefined,
  }: { runId: string; cgroup: RunCgroup | null; onStart?: (processes: CommandEnd["processes"]) => void },
): Promise<CommandEnd> {
  const [program = "", ...parameters] = command;
  // Node takes this for its caller's mistake; here it is a variable of a shell that was empty.
  if (program === "") throw cannotStart('""', null);
  const env = { ...process.env, [runMarker]: runId };
  const start = () => spawn(program, parameters, { stdio: "inherit", env });
  const child = cgroup === null ? start() : cgroup.enclose(start);
  const ended = Promise.withResolvers<Omit<CommandEnd, "processes">>();
  child.once("error", (error) => ended.reject(cannotStart(program, error)));
  child.once("exit", (code, signal) => ended.resolve({ exitCode: code ?? 128 + signalNumber(signal), signal }));
  const fact = child.pid === undefined ? null : readProcess(child.pid);
  const processes = fact === null ? [] : [{ pid: fact.pid, startTime: fact.startTime, role: "job" } as const];
  const stopForwarding = forwardSignals(child);
  onStart(processes);
  try {
    return { ...(await ended.promise), processes };
  } finally {
    stopForwarding();
  }
}

/** A terminal sends Ctrl-C and Ctrl-\ to the command as well as to this process: passed on, they would count twice. */
function forwardSignals(child: ChildProcess): () => void {
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const handlers = forwarded.map((signal) => {
    const fromTerminal = hasTerminal && (signal === "SIGINT" || signal === "SIGQUIT");
    const handler = () => {
      if (!fromTerminal) child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const stop of handlers) stop();
  };
}

function cannotStart(program: string, error: unknown): UsageError {
  const code = systemCode(error);
  const why =
    error === null ? "its name is empty" : code === "ENOENT" ? "there is no such program" : `the system says ${code}`;
  return new UsageError(`Cannot start ${program}: ${why}.`, {
    code: "cannot-start",
    next: "Check the command after --, or give its full path.",
    cause: error,
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
