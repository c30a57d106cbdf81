import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";

import { withinDeadline } from "../../foundation/deadline.ts";
import { messageOf } from "../../foundation/errors.ts";
import { isWithin } from "./is-within.ts";
import type { ActivityTrigger, TriggerOptions } from "./port.ts";

export interface FilesOptions extends TriggerOptions {
  readonly paths: readonly string[];
  /** Whatever lies below these is written by the agent and its jobs, and says nothing of the owner. */
  readonly own: readonly string[];
}

/** For how long a start waits until large trees are looked through; they go on to be, milliseconds. */
const readyWithinMs = 2_000;
/** What is older when it is seen was moved here with its old times; milliseconds. */
const ageMsMax = 2_000;

/**
 * Pulses when a file or directory is made, written, removed or touched, or anything in a directory; that it is read is
 * not noticed. A path that is not there yet is waited for. The age of a pulse is told by the time of the change in the
 * file system, which is no finer than the kernel's tick (a few milliseconds).
 */
export async function watchFiles({ paths, own, onPulse, onCannot }: FilesOptions): Promise<ActivityTrigger> {
  for (const path of paths) {
    if (!existsSync(path)) onCannot(`Nothing is at ${path}: it does not pause the jobs before it is made.`);
  }
  const watcher = watch([...paths], {
    ignored: (path: string) => own.some((directory) => isWithin(path, directory)),
    ignoreInitial: true,
    followSymlinks: false,
    alwaysStat: true,
    // Each change counts at once: an editor that saves by a rename is active all the same.
    atomic: false,
    persistent: false,
  });
  watcher.on("all", (_event, path, stats) => {
    const watched = paths.find((one) => isWithin(path, one)) ?? path;
    onPulse({ what: `files: ${watched}`, ageMs: ageOf(stats?.ctimeMs ?? parentChangedMs(path)) });
  });
  const troubles = new Set<string>();
  watcher.on("error", (error) => {
    // One for each kind, or a tree that nobody may read fills the log.
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (troubles.has(code)) return;
    troubles.add(code);
    onCannot(sentenceFor(code, messageOf(error)));
  });
  const isReady = await withinDeadline(ready(watcher), { ms: readyWithinMs, late: false });
  if (!isReady) onCannot("The files to watch are being looked through still; changes below may be missed until then.");
  return { close: () => watcher.close() };
}

async function ready(watcher: FSWatcher): Promise<true> {
  return await new Promise((resolve) => watcher.once("ready", () => resolve(true)));
}

function ageOf(changedMs: number | null): number {
  if (changedMs === null) return 0;
  // Wall time, which may have been set in between.
  const ageMs = Date.now() - changedMs;
  return ageMs < 0 || ageMs > ageMsMax ? 0 : ageMs;
}

/** When what was in a directory changed last: of what is gone nothing else tells the time. */
function parentChangedMs(path: string): number | null {
  try {
    return statSync(dirname(path)).ctimeMs;
  } catch {
    // It went with its directory, or is not this user's to see.
    return null;
  }
}

function sentenceFor(code: string, message: string): string {
  if (code === "ENOSPC" || code === "EMFILE") {
    return `Not everything below the watched files can be watched, because the kernel's limit is reached (${code}): name fewer, or raise fs.inotify.max_user_watches.`;
  }
  if (code === "EACCES" || code === "EPERM") {
    return `Some of the watched files are not this user's to see, and do not pause the jobs (${message}).`;
  }
  return `Watching files failed in part: ${message}.`;
}
