import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { unifiedRoot } from "../collectors/cgroups.ts";
import { readProcess } from "../collectors/processes.ts";

const removeMsMax = 2_000;
const removePauseMs = 5;

/** A cgroup for one watched command, below the one that this process is in. */
export class RunCgroup {
  /** Where it is in the file system. */
  readonly directory: string;
  readonly #parent: string;

  private constructor(parent: string, directory: string) {
    this.#parent = parent;
    this.directory = directory;
  }

  /** @returns null where this user may not make one; the command is then known by its environment and parents only */
  static create(runId: string): RunCgroup | null {
    const root = unifiedRoot();
    const own = readProcess(process.pid)?.cgroup ?? null;
    if (root === null || own === null) return null;
    const parent = join(root, own);
    const cgroup = new RunCgroup(parent, join(parent, `houseguest-residue-${runId}`));
    try {
      mkdirSync(cgroup.directory);
    } catch {
      return null;
    }
    try {
      // Proves that processes may be moved in and out, before anything depends on it.
      cgroup.enclose(() => undefined);
      return cgroup;
    } catch {
      cgroup.removeIfEmpty();
      return null;
    }
  }

  /**
   * Moves this process in, calls `start`, and moves back out: whatever `start` forks is born inside, so that not even
   * its first child can escape, and needs no wrapper.
   */
  enclose<T>(start: () => T): T {
    writeFileSync(join(this.directory, "cgroup.procs"), String(process.pid));
    try {
      return start();
    } finally {
      writeFileSync(join(this.#parent, "cgroup.procs"), String(process.pid));
    }
  }

  /** @returns whether it is gone */
  removeIfEmpty(): boolean {
    return this.#removeDirectory() === null;
  }

  /**
   * Moves what still runs in it out, which leaves those processes as they are, and removes it. A process that was just
   * killed holds it a moment longer, and there is no event to wait for, so this tries again until a deadline.
   *
   * @returns null, or why it is still there
   */
  async remove(): Promise<string | null> {
    const deadlineMs = systemClock.monotonicMs() + removeMsMax;
    for (;;) {
      this.#moveOut();
      const code = this.#removeDirectory();
      if (code === null) return null;
      if (code !== "EBUSY" || systemClock.monotonicMs() > deadlineMs) {
        return `${this.directory} could not be removed (${code}): remove it with rmdir.`;
      }
      await sleep(removePauseMs);
    }
  }

  #moveOut(): void {
    for (const pid of this.#members()) {
      try {
        writeFileSync(join(this.#parent, "cgroup.procs"), pid);
      } catch {
        // It ended meanwhile; removing the cgroup tells whether anything is left.
      }
    }
  }

  #members(): string[] {
    try {
      return readFileSync(join(this.directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    } catch {
      return [];
    }
  }

  /** @returns null when it is gone, else why not */
  #removeDirectory(): string | null {
    try {
      rmdirSync(this.directory);
      return null;
    } catch (error) {
      const code = systemCode(error) ?? "unknown";
      return code === "ENOENT" ? null : code;
    }
  }
}
