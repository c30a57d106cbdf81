import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { threadId } from "node:worker_threads";

import { systemCode, UsageError } from "../foundation/errors.ts";
import { aftermathFile } from "../protocol/aftermath.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import { makeDirectories } from "./make-directories.ts";
import { isAlive, processStat } from "./stages/host/proc.ts";

/** Where everything about one run lies: `.scenarios/<run>/`. */
export interface RunDirectory {
  readonly run: string;
  readonly path: string;
  readonly history: string;
  readonly undo: string;
  readonly verdict: string;
  readonly baseline: string;
  readonly logs: string;
  /** What `--keep` keeps of the agents' homes. */
  readonly kept: string;
}

export const ownerFile = "harness.json";

/** All that the harness and the broker that it starts write into a run directory; anything else there is a finding. */
export const runDirectoryFiles: readonly string[] = [
  ownerFile,
  "history.jsonl",
  "undo.jsonl",
  "verdict.json",
  aftermathFile,
  "baseline.snapshot",
  "logs",
  "logs/*.log",
  "broker/",
  "kept/",
  "../latest",
  "../suite.json",
  "../suite-progress.jsonl",
];

/**
 * Makes the directory of a new run under `root` and points `latest` at it.
 *
 * @param id what is in the names of all that the run makes on the host, for other runs to know it by
 * @throws UsageError `run-directory` when the place is not writable
 */
export function createRunDirectory(root: string, scenario: string, at: Date, id?: string): RunDirectory {
  const stamp = at.toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
  return inRoot(root, (base) => {
    const directory = firstFree(base, `${stamp}-${scenario}`);
    mkdirSync(directory.logs);
    const owner = {
      pid: process.pid,
      startTime: processStat(process.pid)?.startTime ?? "",
      scenario,
      ...(id === undefined ? {} : { id }),
    };
    // For everybody to read, unlike all else here: whoever heals beside this run must see that it lives.
    writeFileSync(join(directory.path, ownerFile), JSON.stringify(owner), { mode: 0o644 });
    pointLatest(base, directory.run);
    return directory;
  });
}

/**
 * Before anything is done for a run: whether there can be a run directory.
 *
 * @throws UsageError `run-directory` when the place is not writable
 */
export function checkRunsRoot(root: string): void {
  inRoot(root, (base) => accessSync(base, constants.W_OK | constants.X_OK));
}

function inRoot<T>(root: string, act: (base: string) => T): T {
  const base = resolve(root);
  try {
    makeDirectories(base);
    return act(base);
  } catch (error) {
    throw new UsageError(`Cannot make a run directory in ${base}: ${systemCode(error) ?? String(error)}.`, {
      code: "run-directory",
      next: "Run from a folder that you may write to and that has room, or name one with --output DIR.",
      cause: error,
    });
  }
}

/** Whole or not at all. For its own user, as the history: the findings hold command lines and lines of files that not everybody may read. */
export function writeVerdict({ verdict: path }: RunDirectory, verdict: RunVerdict): void {
  const fresh = `${path}.${process.pid}`;
  written(path, () => {
    try {
      writeFileSync(fresh, `${JSON.stringify(verdict, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(fresh, path);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
  });
}

/** A whole history at once, of a run that keeps it in memory while it goes on. */
export function writeHistory({ history: path }: RunDirectory, text: string): void {
  written(path, () => writeFileSync(path, text, { mode: 0o600 }));
}

/** @throws UsageError `run-directory` when there is no room for it */
function written(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new UsageError(
      `What the run came to could not be written to ${path}: ${systemCode(error) ?? String(error)}.`,
      {
        code: "run-directory",
        next: "Make room there, or name another folder with --output DIR, and run it again: nothing is proven.",
        cause: error,
      },
    );
  }
}

/** The runs under `root`, oldest first. */
export function listRuns(root: string): RunDirectory[] {
  const base = resolve(root);
  try {
    return readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => layout(base, entry.name))
      .sort((a, b) => (a.run < b.run ? -1 : 1));
  } catch (error) {
    // Nothing ran here yet; a place that can hold no runs is refused when one is to be made.
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
}

/** Whether the harness that made this run is still at work. */
export function isRunning(directory: RunDirectory): boolean {
  const owner = ownerOf(directory);
  return owner !== null && isAlive(owner);
}

/** Who made a run. */
export interface RunOwner {
  readonly pid: number;
  readonly startTime: string;
  /** Absent of a run in virtual time, and of an older version's. */
  readonly id?: string;
}

/** The harness that made this run, which may be dead; null where it was killed before it did anything else. */
export function ownerOf({ path }: Pick<RunDirectory, "path">): RunOwner | null {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(path, ownerFile), "utf8"));
    if (typeof owner !== "object" || owner === null || !("pid" in owner) || !("startTime" in owner)) return null;
    const id = "id" in owner && typeof owner.id === "string" ? { id: owner.id } : {};
    return { pid: Number(owner.pid), startTime: String(owner.startTime), ...id };
  } catch {
    return null;
  }
}

function firstFree(base: string, wanted: string): RunDirectory {
  for (let attempt = 1; ; attempt += 1) {
    const directory = layout(base, attempt === 1 ? wanted : `${wanted}-${attempt}`);
    try {
      // Whatever the umask: other runs believe one to which nobody else may write.
      mkdirSync(directory.path, { mode: 0o755 });
      return directory;
    } catch (error) {
      // Two runs of the same second: the later takes the next number.
      if (systemCode(error) !== "EEXIST" || attempt > 1_000) throw error;
    }
  }
}

/** The directory of a run that was made before. */
export function runDirectoryAt(path: string): RunDirectory {
  return layout(dirname(path), basename(path));
}

function layout(base: string, run: string): RunDirectory {
  const path = join(base, run);
  return {
    run,
    path,
    history: join(path, "history.jsonl"),
    undo: join(path, "undo.jsonl"),
    verdict: join(path, "verdict.json"),
    baseline: join(path, "baseline.snapshot"),
    logs: join(path, "logs"),
    kept: join(path, "kept"),
  };
}

function pointLatest(base: string, run: string): void {
  const fresh = join(base, `.latest-${process.pid}-${threadId}`);
  symlinkSync(run, fresh);
  renameSync(fresh, join(base, "latest"));
}
