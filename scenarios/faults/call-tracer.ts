import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

import { withinDeadline } from "../../foundation/deadline.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import { FaultError } from "./fault-error.ts";
import { comesTrue } from "./process-ends.ts";

/** What is done to system calls; strace(1), "Tampering". */
export interface Tampering {
  /** Names of system calls: `fsync`. */
  readonly calls: readonly string[];
  /** They fail with it, and do nothing. */
  readonly error?: string | undefined;
  /** They begin so much later, in milliseconds. */
  readonly delayMs?: number | undefined;
  /** Counted from 1, in each thread by itself. */
  readonly from?: number | undefined;
  /** Only those on this file. */
  readonly path?: string | undefined;
}

/** How long it may take to leave its threads in peace, in milliseconds. */
const endMsMax = 5_000;

/** strace on the threads that a process has now, and on nothing that it starts. */
export class CallTracer {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #output: string;
  /** How many threads are traced. */
  readonly threads: number;

  private constructor(child: ChildProcess, exited: Promise<unknown>, { output, threads }: TracerPlace) {
    this.#child = child;
    this.#exited = exited;
    this.#output = output;
    this.threads = threads;
  }

  /**
   * Attaches strace, and resolves once each thread is in its hands.
   *
   * @param output a file to be written, which the caller removes
   * @param mark by which strace is found when this process has been killed
   * @throws FaultError `not-traced`
   */
  static async attach(
    { pid, output, mark }: { pid: number; output: string; mark: string },
    tampering: Tampering,
  ): Promise<CallTracer> {
    const threads = threadsOf(pid);
    const whom = threads.flatMap((thread) => ["-p", String(thread)]);
    const child = spawn("strace", ["-qq", "-o", output, ...expressions(tampering), ...whom], {
      // A session of its own: a Ctrl-C at the terminal is the harness's to deal with.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"], LC_ALL: "C", [runMarker]: mark },
    });
    const said: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    const exited = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", (error) => {
        said.push(error.message);
        resolve();
      });
    });
    const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    const isAttached = (): boolean => threads.every((thread) => [child.pid, undefined].includes(tracerOf(pid, thread)));
    await comesTrue(() => hasEnded() || isAttached());
    if (hasEnded() || !isAttached()) {
      child.kill("SIGKILL");
      await exited;
      throw notTraced(said.join("").trim());
    }
    child.unref();
    return new CallTracer(child, exited, { output, threads: threads.length });
  }

  /** How many calls failed, or were held up, because they were told to. */
  count(): number {
    return [...readFileSync(this.#output, "utf8").matchAll(/\((?:INJECTED|DELAYED|INJECTED,? DELAYED)\)/g)].length;
  }

  /** Lets the process go on as it was; one that is killed instead may leave a call of it with ENOSYS. */
  async detach(): Promise<void> {
    this.#child.kill("SIGTERM");
    await withinDeadline(this.#exited, { ms: endMsMax, late: undefined });
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

interface TracerPlace {
  readonly output: string;
  readonly threads: number;
}

function expressions({ calls, error, delayMs, from, path }: Tampering): string[] {
  const set = calls.join(",");
  const what = [
    set,
    ...(error === undefined ? [] : [`error=${error}`]),
    ...(delayMs === undefined ? [] : [`delay_enter=${Math.round(delayMs * 1_000)}`]),
    ...(from === undefined ? [] : [`when=${from}+`]),
  ];
  const where = path === undefined ? [] : ["-P", path];
  return ["-e", `trace=${set}`, "-e", "signal=none", "-e", `inject=${what.join(":")}`, ...where];
}

function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Undefined for a thread that is gone, 0 for one that nobody traces. */
function tracerOf(pid: number, thread: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return Number(/^TracerPid:\s*(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}

function notTraced(said: string): FaultError {
  return new FaultError(
    `strace cannot change system calls there: ${said.split("\n")[0]?.slice(0, 200) || "it ended"}`,
    {
      code: "not-traced",
      next: "See what `scenarios doctor` says of strace, and the names of calls in syscalls(2).",
    },
  );
}
