import { readdirSync, statSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { clearAside, createHome } from "./home-create.ts";
import { type HomeLock, isLocked, lockHome } from "./home-lock.ts";
import type { HomePaths } from "./home-paths.ts";
import { FileHostLedger } from "./host-ledger.ts";

/** A home that this process has for itself. */
export interface Home {
  readonly paths: HomePaths;
  readonly ledger: FileHostLedger;
  readonly lock: HomeLock;
}

const attemptsMax = 3;

/** Whether an agent lives, or has lived and not withdrawn, in that home. */
export function isInhabited({ home, ledger }: HomePaths): boolean {
  clearAside(home);
  return statSync(ledger, { throwIfNoEntry: false }) !== undefined;
}

/** Whether a process has the home for itself; one may while its socket is gone, on its first and last steps. */
export function isHeld({ lock }: HomePaths): boolean {
  return statSync(lock, { throwIfNoEntry: false }) !== undefined && isLocked(lock);
}

/**
 * Opens the home for this process alone, and makes it if it is not there.
 *
 * @throws UsageError `already-running`, `home-unwritable`, `home-not-empty`, `bad-home`; nothing is left then
 */
export function openHome(paths: HomePaths): Home {
  for (let attempt = 1; ; attempt += 1) {
    clearAside(paths.home);
    if (isThere(paths)) requireOurs(paths);
    else createHome(paths);
    try {
      const lock = lockHome(paths.lock, { home: paths.home });
      try {
        return { paths, lock, ledger: new FileHostLedger(paths.ledger) };
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      // A withdrawal took the home away under us: the next round makes a new one.
      if (attempt >= attemptsMax || isThere(paths)) throw error;
    }
  }
}

function isThere({ home }: HomePaths): boolean {
  try {
    return statSync(home, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw unwritable(home, error);
  }
}

/** A directory that was there before is used only if it is empty or an agent's home; a withdrawal leaves it there. */
function requireOurs({ home, ledger, lock }: HomePaths): void {
  let names: string[];
  try {
    names = readdirSync(home);
  } catch (error) {
    throw unwritable(home, error);
  }
  const known = names.filter((name) => `${home}/${name}` !== lock);
  if (known.length === 0 || statSync(ledger, { throwIfNoEntry: false }) !== undefined) return;
  throw new UsageError(`The directory ${home} is not empty and no agent's home.`, {
    code: "home-not-empty",
    next: "Choose a new or empty directory with --home.",
  });
}

function unwritable(home: string, error: unknown): UsageError {
  const message =
    systemCode(error) === "ENOTDIR" ? `${home} is not a directory` : `${home} cannot be used: ${messageOf(error)}`;
  return new UsageError(`${message}.`, {
    code: "bad-home",
    next: "Choose a directory with --home that this user may write to.",
    cause: error,
  });
}
