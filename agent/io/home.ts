import { existsSync, lstatSync, readdirSync, rmSync, type Stats, statSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { clearAside, createHome } from "./home-create.ts";
import { isLostHome } from "./evidence.ts";
import { type HomeLock, isLocked, lockHome } from "./home-lock.ts";
import type { HomePaths } from "./home-paths.ts";
import { FileHostLedger } from "./host-ledger.ts";
import { isNoRoom } from "./journal-file.ts";

/** A home that this process has for itself. */
export interface Home {
  readonly paths: HomePaths;
  readonly ledger: FileHostLedger;
  readonly lock: HomeLock;
  /** Whether the home was there before, and its ledger is empty: it knows nothing of how the home came to be. */
  readonly lost: boolean;
}

const attemptsMax = 3;
/** The write bits of group and others. */
const othersMayWrite = 0o022;

/** Whether an agent lives, or has lived and not withdrawn, in that home. */
export function isInhabited(paths: HomePaths): boolean {
  try {
    return statSync(paths.ledger, { throwIfNoEntry: false }) !== undefined || isLostHome(paths);
  } catch (error) {
    throw unwritable(paths.home, error);
  }
}

/** Whether a process has the home for itself; one may while its socket is gone, on its first and last steps. */
export function isHeld({ lock }: HomePaths): boolean {
  return statSync(lock, { throwIfNoEntry: false }) !== undefined && isLocked(lock);
}

/**
 * Opens the home for this process alone, and makes it if it is not there.
 *
 * @param lostToo whether a home is opened too whose ledger is gone, as a withdrawal does
 * @throws UsageError `already-running`, `home-unwritable`, `home-not-empty`, `bad-home`, `home-of-others`; nothing is
 *   left then
 */
export function openHome(paths: HomePaths, { lostToo = false } = {}): Home {
  for (let attempt = 1; ; attempt += 1) {
    clearAside(paths.home);
    const wasThere = isThere(paths);
    if (wasThere) requireOurs(paths, lostToo);
    else createHome(paths);
    try {
      const lock = lockHome(paths.lock, { home: paths.home });
      try {
        const ledger = new FileHostLedger(paths.ledger);
        return { paths, lock, ledger, lost: wasThere && ledger.live().length === 0 };
      } catch (error) {
        // What was there before and is no home is left as empty as it was.
        if (!existsSync(paths.ledger)) rmSync(paths.lock, { force: true });
        lock.release();
        throw isNoRoom(error) ? diskFull(paths, error) : error;
      }
    } catch (error) {
      // A withdrawal took the home away under us: the next round makes a new one.
      if (attempt >= attemptsMax || isThere(paths)) throw error;
    }
  }
}

/** The machine's fault, and the owner's to mend. */
export function diskFull({ home }: HomePaths, cause: unknown): UsageError {
  return new UsageError(`The disk under ${home} is full: ${messageOf(cause)}.`, {
    code: "disk-full",
    next: `Make room there (\`df -h\` and \`df -i\` tell of what), or choose another directory with --home.`,
    cause,
  });
}

function isThere({ home }: HomePaths): boolean {
  try {
    return statSync(home, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw unwritable(home, error);
  }
}

/** A directory that was there before is used only if it is empty or an agent's home; a withdrawal leaves it there. */
function requireOurs(paths: HomePaths, lostToo: boolean): void {
  const { home, ledger, lock } = paths;
  let names: string[];
  try {
    names = readdirSync(home);
  } catch (error) {
    throw unwritable(home, error);
  }
  requireSafe(home, statSync(home));
  const stat = lstatSync(ledger, { throwIfNoEntry: false });
  if (stat !== undefined) requireSafe(ledger, stat);
  const known = names.filter((name) => `${home}/${name}` !== lock);
  if (known.length === 0 || stat !== undefined) return;
  const isLost = isLostHome(paths);
  if (lostToo && isLost) return;
  const what = isLost ? "holds what is left of an agent without its ledger" : "is not empty and no agent's home";
  throw new UsageError(`The directory ${home} ${what}.`, {
    code: "home-not-empty",
    next: `Choose a new or empty directory with --home${isLost ? `, or clear this one with \`donor-agent withdraw --home ${home}\`` : ""}.`,
  });
}

/** What stands in a home is done with this user's rights: nobody else, but root, may have a hand in it. */
function requireSafe(path: string, stat: Stats): void {
  const user = process.geteuid?.() ?? stat.uid;
  const what =
    stat.uid !== user && stat.uid !== 0
      ? `belongs to another user (uid ${stat.uid})`
      : (stat.mode & othersMayWrite) !== 0
        ? `can be written by other users (mode ${(stat.mode & 0o7777).toString(8)})`
        : null;
  if (what === null && !stat.isSymbolicLink()) return;
  throw new UsageError(`${path} ${what ?? "is a symbolic link"}, and what it says would be done with your rights.`, {
    code: "home-of-others",
    next:
      stat.uid === user
        ? `Look whether it is still as you left it; then \`chmod go-w '${path}'\` and run the command again.`
        : "Run the command as that user, or choose another directory with --home.",
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
