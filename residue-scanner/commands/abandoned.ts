import { existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import { listUnifiedDirectories } from "../collectors/cgroups.ts";
import { isRemote, readMounts } from "../collectors/files/mounts.ts";
import { isBelow } from "../core/path-scope.ts";
import { shellPath, toBytePath } from "../core/path-text.ts";
import { canaryName } from "./canaries.ts";
import { hasSurelyEnded } from "./maker.ts";
import { runCgroupName } from "./run-cgroup.ts";

/** What a scanner left that was killed by SIGKILL, or with the host's power. */
export interface Abandoned {
  readonly what: "canary" | "control group";
  readonly path: string;
  /** A command that removes it. */
  readonly remove: string;
}

/**
 * Finds what scanners of this user made that have surely ended: their names say whose they are. Of the host's control
 * groups, and of files in this user's directory for temporary files.
 */
export function findAbandoned(): Abandoned[] {
  // Without it nobody can say who has ended.
  if (process.platform === "linux" && !existsSync("/proc/self/stat")) return [];
  const place = temporaryPlace();
  const canaries = (place === null ? [] : namesIn(place).map((name) => [place, name] as const))
    .filter(([directory, name]) => isLeft(canaryName, name, { isLocal: isOnThisMachine(directory) }))
    .map((names) => join(...names))
    .filter((path) => isOwn(path, (stats) => stats.isFile() && stats.size === 0 && stats.nlink === 1));
  const groups = listUnifiedDirectories()
    .filter((directory) => isLeft(runCgroupName, basename(directory), { isLocal: true }))
    .filter((directory) => isOwn(directory, (stats) => stats.isDirectory()));
  return [
    ...canaries.map((path) => ({ what: "canary", path, remove: `rm -- ${shown(path)}` }) as const),
    ...groups.map((path) => ({ what: "control group", path, remove: `rmdir -- ${shown(path)}` }) as const),
  ];
}

/** Null where there is none. */
function temporaryPlace(): string | null {
  try {
    return realpathSync(tmpdir());
  } catch {
    return null;
  }
}

/**
 * Removes it. A control group in which something runs, or that the dead run's command made others in, stays.
 *
 * @returns a sentence for each: that it was removed, or why not and what would
 */
export function removeAbandoned(): string[] {
  return findAbandoned().map(({ what, path, remove }) => {
    const left = `the ${what} ${shown(path)}, which a run left that was killed`;
    try {
      if (what === "canary") rmSync(path);
      else rmdirSync(path);
      return `Removed ${left}.`;
    } catch (error) {
      const code = systemCode(error) ?? "unknown";
      // Another run was quicker.
      if (code === "ENOENT") return `Found that somebody else removed ${left}.`;
      const first =
        code === "EBUSY" ? `It is still in use: end what runs in it (cat ${shown(path)}/cgroup.procs), ` : "";
      return `Could not remove ${left} (${code}). ${first === "" ? "Run" : `${first}then run`}: ${remove}`;
    }
  });
}

/** Files on others' storage may be another machine's, which shares the directory. */
function isOnThisMachine(directory: string): boolean {
  const path = toBytePath(directory);
  // The innermost, and of several upon each other the last.
  const mounts = readMounts().filter(({ point }) => isBelow(path, point));
  const mount = mounts.toSorted((one, other) => one.point.length - other.point.length).at(-1);
  return mount !== undefined && !isRemote(mount.type);
}

/** Whether a name is of this form, and its maker has ended. */
function isLeft(form: RegExp, name: string, options: { readonly isLocal: boolean }): boolean {
  const maker = form.exec(name)?.groups?.["maker"];
  return maker !== undefined && hasSurelyEnded(maker, options);
}

function isOwn(path: string, isAsMade: (stats: Stats) => boolean): boolean {
  try {
    const stats = lstatSync(path);
    return stats.uid === process.geteuid?.() && isAsMade(stats);
  } catch {
    // Somebody else removed it.
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Nothing that this user may list: nothing of its own is to be found there.
    return [];
  }
}

function shown(path: string): string {
  return shellPath(toBytePath(path));
}
