import { existsSync, lstatSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { dirname, join, sep } from "node:path";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import { resourceKey } from "../host-resource.ts";
import { clearFlagsOf } from "../sandbox/clear-flags.ts";
import type { SandboxDriver } from "../sandbox/port.ts";
import { wipeDirectory, type WipeOptions } from "../sandbox/wipe-directory.ts";
import { autostartNotes } from "./autostart-ledger.ts";
import { damageOf, ownNames } from "./evidence.ts";
import type { Home } from "./home.ts";
import { isHomeGone, removeHome } from "./home-remove.ts";

/** What of the agent's own sockets is still to be seen, by the kernel's table and in the home. */
export function socketsLeft({ paths, ledger }: Home): string[] {
  const left = new Set<string>();
  if (existsSync(paths.control)) left.add(paths.control);
  for (const path of listeningSockets()) if (path.startsWith(paths.home + sep)) left.add(path);
  const key = resourceKey({ kind: "socket", path: paths.control });
  if (left.size === 0 && ledger.holds(key)) ledger.release(key);
  return [...left].sort();
}

/**
 * Wipes everything in the home but the ledger and the lock, and strikes off what is gone. What there is no time for is
 * named as left.
 */
export async function wipeHome(
  home: Home,
  driver: SandboxDriver | null,
  options: WipeOptions = {},
): Promise<{ wiped: string[]; left: string[] }> {
  const { paths, ledger } = home;
  driver?.close();
  const kept = [paths.ledger, paths.lock];
  const own = damageOf(ledger)?.knowsHome === false ? ownNames(paths) : null;
  const wiped: string[] = [];
  const left: string[] = [];
  // What lies in the place of a home that somebody has removed is not this agent's.
  for (const entry of isHomeGone(home) ? [] : readdirSync(paths.home, { withFileTypes: true })) {
    const path = join(paths.home, entry.name);
    if (kept.includes(path)) continue;
    if (own !== null && !own.has(entry.name)) {
      left.push(`${path} (the ledger was lost, and no agent makes such a thing)`);
      continue;
    }
    if (entry.isDirectory()) {
      const result = await wipeDirectory(path, options);
      left.push(...result.left.map((thing) => `${thing.path} (${thing.reason})`));
    } else {
      const reason = await removeFile(path);
      if (reason !== null) left.push(`${path} (${reason})`);
    }
    if (!isThere(path)) wiped.push(path);
  }
  for (const resource of ledger.live()) {
    if (!("path" in resource) || resource.path === paths.home || !resource.path.startsWith(paths.home + sep)) continue;
    if (!existsSync(resource.path)) ledger.release(resourceKey(resource));
  }
  return { wiped: wiped.sort(), left: left.sort() };
}

/** Removes one file, protected or not; returns why it is still there, or null. */
async function removeFile(path: string): Promise<string | null> {
  for (const attempt of ["as it is", "unprotected"]) {
    try {
      unlinkSync(path);
      return null;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return null;
      if (attempt === "unprotected" || systemCode(error) !== "EPERM") return messageOf(error);
      await clearFlagsOf(path);
      await clearFlagsOf(dirname(path));
    }
  }
  return null;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The last act: the ledger goes, with the home around it, unless it still has something to name. */
export function clearLedger(
  home: Home,
  { keep }: { keep: boolean },
): { entriesLeft: number; wiped: string[]; directoriesLeft: string[]; directoriesKept: string[] } {
  const { paths, ledger } = home;
  const open = ledger
    .live()
    .filter((resource) => resource.kind !== "directory" || resource.path.startsWith(paths.home + sep));
  if (keep || open.length > 0 || autostartNotes(ledger).length > 0)
    return { entriesLeft: ledger.live().length, wiped: [], directoriesLeft: [], directoriesKept: [] };
  const { wiped, left, kept } = removeHome(home);
  return { entriesLeft: left.length, wiped: [...wiped], directoriesLeft: [...left], directoriesKept: [...kept] };
}

/**
 * Paths of listening Unix sockets, where the system has such a table. An accepted connection bears the name of its
 * listener too, and the one over which the withdrawal was asked for lives until its answer is sent.
 */
function listeningSockets(): string[] {
  try {
    return readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .flatMap((line) => /^\S+ \S+ \S+ 00010000 .*?\s(\/.*)$/.exec(line)?.[1] ?? []);
  } catch {
    return [];
  }
}
