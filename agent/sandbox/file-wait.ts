import { type FSWatcher, watch } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";

export interface FileWait {
  close(): void;
}

/**
 * How long nothing is watched after a look that found nothing new. A job that writes without end must not keep the
 * agent busy, which has a donor to obey: it is looked at so often at most, and not at each of its events.
 */
const restMs = 10;
/** How often it is looked at where the host's inotify watches are used up. */
const lookMs = 50;

/**
 * Waits for a file of a job's own to be written, by an event of the directory that it lies in. A name directly in that
 * directory: nothing that the job plants there is followed or opened.
 *
 * @param before what `stampOf` said before the job was asked
 * @param onWritten called once, unless `close` comes first
 */
export function waitForFile({
  directory,
  name,
  before,
  onWritten,
}: {
  readonly directory: string;
  readonly name: string;
  readonly before: string;
  readonly onWritten: () => void;
}): FileWait {
  const path = join(directory, name);
  let closed = false;
  let isLooking = false;
  /** Something happened in the directory since it is watched. */
  let stirred = false;
  let watcher: FSWatcher | null = null;
  let timer: NodeJS.Timeout | null = null;
  const stopWatching = (): void => {
    watcher?.close();
    watcher = null;
  };
  const later = (ms: number): void => {
    timer = setTimeout(() => void look(), ms).unref();
  };
  const stir = (): void => {
    stopWatching();
    stirred = true;
    if (!isLooking && !closed) later(restMs);
  };
  /** Watches first and looks then, so that nothing that is written in between is missed. */
  const look = async (): Promise<void> => {
    isLooking = true;
    stirred = false;
    try {
      watcher = watch(directory, { persistent: false }, stir);
      watcher.on("error", stir);
    } catch {
      // No inotify watch is left on this host: the interval alone must do.
    }
    const stamp = await stampOf(path);
    isLooking = false;
    if (closed) return;
    if (stamp !== before && stamp !== nothing) {
      close();
      onWritten();
    } else if (stirred) later(restMs);
    else if (watcher === null) later(lookMs);
  };
  const close = (): void => {
    closed = true;
    stopWatching();
    if (timer !== null) clearTimeout(timer);
  };
  void look();
  return { close };
}

const nothing = "";

/** Tells one writing of a regular file from another; the same for whatever else is there, or nothing. */
export async function stampOf(path: string): Promise<string> {
  try {
    const stat = await lstat(path, { bigint: true });
    return stat.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : nothing;
  } catch {
    return nothing;
  }
}
