import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { present } from "../../foundation/assert.ts";
import { withinDeadline } from "../../foundation/deadline.ts";
import type { RunDirectory } from "../run-directory.ts";

/** How long it may take to say that it watches, and to go when it is told to, in milliseconds; it takes two. */
const answerWithinMs = 20_000;
const dismissal = "the run ended in order";
const program = fileURLToPath(new URL("undo-for.ts", import.meta.url));

/**
 * Waits for the end of its standard input, whose other end the harness alone holds: the kernel closes that however the
 * harness ends. Unless it was dismissed before, it becomes the program that undoes the run. A shell, because it costs
 * two milliseconds and a megabyte in every run; the program is loaded where it is needed.
 *
 * The harness may be dead before it hears that somebody watches; writing to nobody must not end the watchdog.
 *
 * Its arguments: the dismissal, the log, the program.
 */
const script = `
trap '' PIPE
printf 'watching\\n'
IFS= read -r word
[ "$word" = "$1" ] && exit 0
log=$2
shift 2
exec "$@" </dev/null >>"$log" 2>&1`;

const title = "houseguest-watchdog";

/** The directory of the run that a process is the watchdog of; null where it is none. */
export function watchedRun(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    // As they are given below.
    return words[3] === title && words[4] === dismissal ? (words[8] ?? null) : null;
  } catch {
    // It ended meanwhile.
    return null;
  }
}

export interface Watchdog {
  readonly pid: number;
  /** Resolves when it watches; false where there is none, which `onLost` was told. */
  readonly ready: Promise<boolean>;
  /** The run ended in order: it goes, and leaves nothing. */
  dismiss(): Promise<void>;
}

/**
 * Starts the process that undoes the run if the harness cannot. It has a session of its own: neither the terminal nor
 * whoever kills the harness's process group takes it along.
 *
 * @param onLost called with the reason when it ends before it was dismissed
 */
export function startWatchdog(directory: RunDirectory, onLost: (why: string) => void): Watchdog {
  const log = join(directory.logs, "watchdog.log");
  const undo = [process.execPath, program, directory.path];
  const child = spawn("/bin/sh", ["-c", script, title, dismissal, log, ...undo], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const [input, output] = [present(child.stdin, "stdin is a pipe"), present(child.stdout, "stdout is a pipe")];
  let dismissed = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  void ended.then((why) => {
    if (!dismissed) onLost(why);
  });
  // Whatever becomes of it is told by its end.
  input.on("error", () => undefined);
  const first = new Promise<boolean>((resolve) => output.once("data", () => resolve(true)));
  const ready = withinDeadline(Promise.race([first, ended.then(() => false)]), { ms: answerWithinMs, late: false });
  void ready.then(() => output.destroy());
  // A harness that has nothing left to do ends, dismissed or not.
  child.unref();
  for (const stream of [input, output]) (stream as Socket).unref();
  return {
    pid: child.pid ?? 0,
    ready,
    async dismiss() {
      dismissed = true;
      input.end(`${dismissal}\n`);
      if ((await withinDeadline(ended, { ms: answerWithinMs, late: null })) === null) child.kill("SIGKILL");
    },
  };
}
