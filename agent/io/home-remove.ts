import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { Home } from "./home.ts";
import { asideOf, ownDirectories } from "./home-create.ts";
import { syncDirectory } from "./journal-file.ts";

export interface HomeRemoval {
  readonly wiped: readonly string[];
  readonly left: readonly string[];
  /** Parents that were made for the home, and that others use by now: no residue. */
  readonly kept: readonly string[];
}

/**
 * Takes away the home and the parents that were made for it: the last act of a withdrawal. The name vanishes in one
 * rename, so that a crash never leaves a home without a ledger; parents that others use by now stay.
 */
export function removeHome(home: Home): HomeRemoval {
  const { paths, ledger, lock } = home;
  const isGone = isHomeGone(home);
  const own = ownDirectories(paths.home, ledger.live()).filter(
    (path) => existsSync(path) && !(isGone && path === paths.home),
  );
  ledger.close();
  if (isGone) {
    lock.release();
    if (!existsSync(paths.home)) for (const path of own.toReversed()) removeChain(path, path);
    return measure(own, paths.home);
  }
  const top = own.find((path) => holdsOnly(path, paths.home));
  if (top === undefined) {
    // The directory was there before the agent: it stays, as empty as it was.
    rmSync(paths.ledger, { force: true });
    rmSync(paths.lock, { force: true });
    lock.release();
    syncDirectory(paths.home);
    return measure(own, paths.home);
  }
  const aside = asideOf(top, process.pid);
  try {
    renameSync(top, aside);
    lock.release();
    rmSync(join(aside, relative(top, paths.ledger)), { force: true });
    rmSync(join(aside, relative(top, paths.lock)), { force: true });
    removeChain(aside, join(aside, relative(top, paths.home)));
    syncDirectory(dirname(top));
  } catch (error) {
    if (existsSync(aside)) return { wiped: [], left: [aside], kept: [] };
    // The directory above does not let itself be changed, or the home is a mount point.
    rmSync(paths.ledger, { force: true });
    rmSync(paths.lock, { force: true });
    lock.release();
    if (systemCode(error) !== "ENOENT") removeChain(top, paths.home);
  }
  return measure(own, paths.home);
}

/** Whether somebody has taken the home away, with the ledger in it; what may lie in its place is another's. */
export function isHomeGone({ ledger }: Home): boolean {
  return ledger.condition() === "gone";
}

/** Whether nothing but the way to the home is in a directory. */
function holdsOnly(path: string, home: string): boolean {
  if (path === home) return true;
  const names = readdirSync(path);
  const next = relative(path, home).split("/")[0] ?? "";
  return names.length === 1 && names[0] === next && holdsOnly(join(path, next), home);
}

function removeChain(top: string, home: string): void {
  for (let path = home; ; path = dirname(path)) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") return;
    }
    if (path === top || basename(path) === "") return;
  }
}

function measure(own: readonly string[], home: string): HomeRemoval {
  const there = own.filter((path) => existsSync(path));
  const kept = there.filter((path) => isUsedByOthers(path, home));
  return {
    wiped: own.filter((path) => !there.includes(path)),
    left: there.filter((path) => !kept.includes(path)),
    kept,
  };
}

/** Whether something is in a parent of the home beside the way to it, or further along that way. */
function isUsedByOthers(path: string, home: string): boolean {
  if (path === home) return false;
  try {
    const next = join(path, relative(path, home).split("/")[0] ?? "");
    const names = readdirSync(path);
    return names.some((name) => join(path, name) !== next) || (names.length > 0 && isUsedByOthers(next, home));
  } catch {
    // Who cannot look into it cannot say that somebody uses it.
    return false;
  }
}
