import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import type { HostResource } from "../host-resource.ts";
import { FileHostLedger } from "./host-ledger.ts";
import type { HomePaths } from "./home-paths.ts";
import { syncDirectory } from "./journal-file.ts";

const reasons: Record<string, string> = {
  EACCES: "this user may not make a directory there",
  EPERM: "this user may not make a directory there",
  EROFS: "the file system is read-only",
  ENOENT: "there can be no directory there",
  ENOTDIR: "a part of its path is not a directory",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "the name is too long",
};

const asideMark = ".houseguest-";

/**
 * Makes the home, and those of its parents that are missing, in one step: everything is built beside its place, with
 * a ledger inside that lists every directory, and then renamed. A crash leaves nothing, or a home whose ledger knows
 * all; at worst a directory aside, which `clearAside` of the next start removes.
 *
 * @throws UsageError `home-unwritable`
 */
export function createHome({ home, ledger }: HomePaths): void {
  const top = firstMissing(home);
  const aside = asideOf(top, process.pid);
  const inside = relative(top, home);
  const directories = [top];
  for (const part of inside === "" ? [] : inside.split(sep)) directories.push(join(directories.at(-1) as string, part));
  try {
    for (const directory of directories) {
      mkdirSync(join(aside, relative(top, directory)), { mode: directory === home ? 0o700 : 0o755 });
    }
    const journal = new FileHostLedger(join(aside, inside, basename(ledger)));
    journal.reserve();
    for (const path of directories) journal.acquire({ kind: "directory", path });
    journal.close();
    syncDirectory(join(aside, inside));
    renameSync(aside, top);
    syncDirectory(dirname(top));
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    // Another start was faster; whoever asked looks again.
    if (systemCode(error) === "ENOTEMPTY" || systemCode(error) === "EEXIST") return;
    throw new UsageError(`The home ${home} cannot be made: ${reasonOf(error)}.`, {
      code: "home-unwritable",
      next: "Choose a directory with --home that this user may make.",
      cause: error,
    });
  }
}

/** Removes what a killed start or withdrawal left beside the home's place; a living process's is let be. */
export function clearAside(home: string): void {
  const top = firstMissing(home);
  const parent = dirname(top);
  const prefix = basename(asideOf(top, 0)).slice(0, -1);
  if (!existsSync(parent)) return;
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    // Not readable for this user: then nothing in it is ours.
    return;
  }
  for (const name of names) {
    const pid = Number(name.slice(prefix.length));
    if (!name.startsWith(prefix) || !Number.isSafeInteger(pid) || isAlive(pid)) continue;
    const path = join(parent, name);
    // Another user's agent would live beside it only by that name; its leftovers are that user's.
    if (lstatSync(path, { throwIfNoEntry: false })?.uid !== process.geteuid?.()) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Protected, or another user's things in it: it is in nobody's way, and the next start tries again.
    }
  }
}

/** Where a directory is put while it is being made or taken away, so that its own name appears and vanishes at once. */
export function asideOf(path: string, pid: number): string {
  return join(dirname(path), `.${basename(path)}${asideMark}${pid}`);
}

/** The directories that the ledger says were made by the agent, the outermost first. */
export function ownDirectories(home: string, resources: readonly HostResource[]): string[] {
  return resources
    .filter((resource) => resource.kind === "directory")
    .map((resource) => resource.path)
    .filter((path) => home === path || home.startsWith(path + sep))
    .sort((a, b) => a.length - b.length);
}

function reasonOf(error: unknown): string {
  const code = systemCode(error) ?? "";
  return reasons[code] ?? messageOf(error);
}

/** The outermost part of the path that does not exist. */
function firstMissing(path: string): string {
  let missing = path;
  while (!existsSync(dirname(missing)) && dirname(missing) !== missing) missing = dirname(missing);
  return missing;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
