import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { unifiedRoot } from "../collectors/cgroups.ts";
import { readProcess } from "../collectors/processes.ts";
import { shellPath, toBytePath } from "../core/path-text.ts";
import { makerPattern, ownMaker } from "./maker.ts";

/** How it is called: by its run, and by which scanner made it, so that the next one knows what a killed one left. */
export const runCgroupName = new RegExp(`^houseguest-residue-.+-(?<maker>${makerPattern})$`);

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
    const place = ownPlace();
    if (place === null) return null;
    const [root, own] = place;
    const parent = join(root, own);
    const cgroup = new RunCgroup(parent, join(parent, `houseguest-residue-${runId}-${ownMaker()}`));
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
    return removeDirectory(this.directory) === null;
  }

  /**
   * Moves what still runs in it out, which leaves those processes as they are, and removes it. A process that was just
   * killed holds it a moment longer, and there is no event to wait for, so this tries again until a deadline.
   *
   * @param options.withBelow whether cgroups below it go too, those in which nothing runs
   * @returns null, or why it is still there and the command that finishes it
   */
  async remove({ withBelow = false }: { withBelow?: boolean } = {}): Promise<string | null> {
    const deadlineMs = systemClock.monotonicMs() + removeMsMax;
    for (;;) {
      this.#moveOut();
      if (withBelow) for (const below of childrenOf(this.directory)) removeEmpty(below);
      const code = removeDirectory(this.directory);
      if (code === null) return null;
      const isHeld = !withBelow && childrenOf(this.directory).length > 0;
      if (code !== "EBUSY" || isHeld || systemClock.monotonicMs() > deadlineMs) return notRemoved(this.directory, code);
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
}

/** @returns where cgroup v2 is mounted, and this process's own below that; null where /proc tells neither */
function ownPlace(): [root: string, own: string] | null {
  try {
    const root = unifiedRoot();
    const own = readProcess(process.pid)?.cgroup ?? null;
    return root === null || own === null ? null : [root, own];
  } catch {
    // Without /proc the collectors say what is not seen.
    return null;
  }
}

function notRemoved(directory: string, code: string): string {
  const path = shellPath(toBytePath(directory));
  const [why, first] =
    childrenOf(directory).length > 0
      ? ["the command left cgroups below it", "End what runs in them, then run"]
      : [code, "Run"];
  return `${directory} could not be removed (${why}). ${first}: find ${path} -depth -type d -exec rmdir {} ';'`;
}

function childrenOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch {
    // Gone, or nothing that this user may list: removing it tells which.
    return [];
  }
}

/** The innermost first; the kernel refuses one in which something runs. */
function removeEmpty(directory: string): void {
  for (const below of childrenOf(directory)) removeEmpty(below);
  removeDirectory(directory);
}

/** @returns null when it is gone, else why not */
function removeDirectory(directory: string): string | null {
  try {
    rmdirSync(directory);
    return null;
  } catch (error) {
    const code = systemCode(error) ?? "unknown";
    return code === "ENOENT" ? null : code;
  }
}
