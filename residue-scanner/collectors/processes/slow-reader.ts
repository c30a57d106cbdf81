import { spawnSync } from "node:child_process";

const deadlineMsDefault = 250;
/** Each that does not answer costs the whole deadline. */
const failuresMax = 4;
const bytesMax = 4 * 1024 * 1024;

/**
 * Reads files of /proc that may keep whoever reads them for as long as a file server is away: proc_pid_environ(5) and
 * proc_pid_cmdline(5) wait for the lock of the process's memory. Another program waits instead, and is killed.
 */
export class SlowReader {
  readonly #deadlineMs: number;
  readonly #stuck = new Set<string>();

  constructor(deadlineMs = deadlineMsDefault) {
    this.#deadlineMs = deadlineMs;
  }

  /** Null where nothing came in time, or there is nothing; after some that did not answer nobody is asked any more. */
  read(path: string): string | null {
    if (this.#stuck.size >= failuresMax) {
      this.#stuck.add(path);
      return null;
    }
    const { status, stdout, error } = spawnSync("cat", ["--", path], {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: this.#deadlineMs,
      killSignal: "SIGKILL",
      maxBuffer: bytesMax,
      env: { PATH: "/usr/bin:/bin" },
    });
    if (error !== undefined) this.#stuck.add(path);
    return status === 0 ? stdout.toString("latin1") : null;
  }

  /** How many files did not answer. */
  get stuck(): number {
    return this.#stuck.size;
  }
}
