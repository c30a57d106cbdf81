import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { UsageError, systemCode } from "../../foundation/errors.ts";
import { AgentError } from "./agent-error.ts";
import { lockHolder } from "./lock-holder.ts";

/** How long a lock is waited for, in milliseconds: somebody may be looking whether it is held (`isHeld`). */
const probeMsMax = 100;

/** The exclusive use of a home by one process. */
export interface HomeLock {
  /** Releasing it again changes nothing. */
  release(): void;
}

/**
 * Takes the home for this process. The kernel gives it up when the process ends, however it ends, so there is no stale
 * lock to judge. Node has no flock(2); an exclusive transaction on an empty SQLite database is a POSIX record lock,
 * and nothing is ever written.
 *
 * @throws UsageError `already-running` when a live process holds it
 */
export function lockHome(path: string, { home }: { home: string }): HomeLock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: probeMsMax });
    const before = inode(path);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // Another process may have removed the home between our opening the file and our locking it.
    if (before === undefined || before !== inode(path)) throw new Error("the lock file was replaced meanwhile");
  } catch (error) {
    database?.close();
    throw lockError(error, { path, home });
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/** Whether a live process holds it. Makes no file, and keeps nobody from taking it but for a moment. */
export function isLocked(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0, readOnly: true });
    database.exec("SELECT count(*) FROM sqlite_master");
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    database?.close();
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return typeof error === "object" && error !== null && "errcode" in error && error.errcode === sqliteBusy;
}

function inode(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function lockError(error: unknown, { path, home }: { path: string; home: string }): Error {
  if (isBusy(error)) {
    const pid = lockHolder(path);
    return new UsageError(`An agent is running in ${home} already${pid === null ? "" : `, pid ${pid}`}.`, {
      code: "already-running",
      next: `See it with \`donor-agent status --home ${home}\`. To join anew, with another broker or other options, end it with \`donor-agent withdraw --home ${home}\` first; or choose another directory with --home.`,
      cause: error,
    });
  }
  if (systemCode(error) === "ENOENT") return error as Error;
  return new AgentError(
    `The home ${home} could not be locked: ${error instanceof Error ? error.message : "unknown"}.`,
    {
      code: "no-lock",
      next: "Check that the directory is writable and its file system has locks, then run the same command again.",
      retriable: true,
      cause: error,
    },
  );
}
