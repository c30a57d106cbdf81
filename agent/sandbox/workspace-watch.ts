import { readdirSync, readlinkSync, statSync } from "node:fs";

import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { measureWorkspace } from "./workspace.ts";

export interface WorkspaceWatch {
  close(): void;
}

/** How often a workspace is measured, in milliseconds. */
export const measureIntervalMs = 1_000;
/** The host's processors have better to do: after a measurement that took long, the next one is that many times later. */
const restFactor = 20;
/** The unit of st_blocks, whatever the file system's own (stat(2)). */
const blockBytes = 512;

/**
 * Holds a job to the size of its workspace (WC-12): what the directory takes of the disk, with the job's log, and with
 * what its processes hold open and have deleted. The kernel has no such limit that an ordinary user may set, so it is
 * measured again and again; a single file is limited by RLIMIT_FSIZE at once.
 */
export function watchWorkspace({
  workspace,
  logFile,
  bytesMax,
  isFrozen,
  pids,
  onExceeded,
}: {
  readonly workspace: string;
  readonly logFile: string;
  readonly bytesMax: number;
  /** What is frozen writes nothing, and the donor has the CPU back. */
  readonly isFrozen: () => boolean;
  readonly pids: () => readonly number[];
  /** Called once, with what was measured. */
  readonly onExceeded: (bytes: number) => void;
}): WorkspaceWatch {
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  const look = async (): Promise<void> => {
    const startedAt = systemClock.monotonicMs();
    if (!isFrozen()) {
      // A snapshot must not see the modes that a measurement changes for the time of a look.
      const bytes = await measure({ workspace, logFile, pids, wanted: () => !closed && !isFrozen() });
      if (closed) return;
      if (bytes > bytesMax) return onExceeded(bytes);
    }
    const tookMs = systemClock.monotonicMs() - startedAt;
    wait(Math.max(measureIntervalMs, tookMs * restFactor));
  };
  const wait = (ms: number): void => {
    if (!closed) timer = setTimeout(() => void look(), ms).unref();
  };
  wait(measureIntervalMs);
  return {
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function measure({
  workspace,
  logFile,
  pids,
  wanted,
}: {
  workspace: string;
  logFile: string;
  pids: () => readonly number[];
  wanted: () => boolean;
}): Promise<number> {
  let bytes = 0;
  try {
    bytes = (await measureWorkspace(workspace, wanted)).bytes;
  } catch {
    // A job may make its tree unreadable while it is read; what else it holds is counted all the same.
  }
  const log = statSync(logFile, { throwIfNoEntry: false });
  return bytes + (log?.blocks ?? 0) * blockBytes + deletedBytesSeen(workspace, pids);
}

/** Whoever can open nothing more sees none of them, and looks again next time. */
function deletedBytesSeen(workspace: string, pids: () => readonly number[]): number {
  try {
    return deletedBytes({ device: deviceOf(workspace), pids: pids() });
  } catch (error) {
    if (["EMFILE", "ENFILE"].includes(systemCode(error) ?? "")) return 0;
    throw error;
  }
}

function deviceOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.dev ?? null;
}

/** What processes hold open on the workspace's file system that no directory names any more. */
function deletedBytes({ device, pids }: { device: number | null; pids: readonly number[] }): number {
  const seen = new Map<number, number>();
  for (const pid of pids) {
    for (const path of deletedFilesOf(pid)) {
      try {
        const { dev, ino, nlink, blocks } = statSync(path);
        if (dev === device && nlink === 0) seen.set(ino, blocks * blockBytes);
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function deletedFilesOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory)
      .map((name) => `${directory}/${name}`)
      .filter((path) => readlinkSync(path).endsWith(" (deleted)"));
  } catch {
    // Gone, or not this user's to read (setuid).
    return [];
  }
}
