import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, sep } from "node:path";

import { resourceKey } from "../host-resource.ts";
import type { SandboxDriver } from "../sandbox/port.ts";
import { wipeDirectory, type WipeOptions } from "../sandbox/wipe-directory.ts";
import { autostartNote } from "./autostart-ledger.ts";
import type { Home } from "./home.ts";
import { removeHome } from "./home-remove.ts";

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
  const wiped: string[] = [];
  const left: string[] = [];
  for (const entry of readdirSync(paths.home, { withFileTypes: true })) {
    const path = join(paths.home, entry.name);
    if (kept.includes(path)) continue;
    if (entry.isDirectory()) {
      const result = await wipeDirectory(path, options);
      left.push(...result.left.map((thing) => `${thing.path} (${thing.reason})`));
    } else {
      rmSync(path, { force: true });
    }
    if (!existsSync(path)) wiped.push(path);
  }
  for (const resource of ledger.live()) {
    if (!("path" in resource) || resource.path === paths.home || !resource.path.startsWith(paths.home + sep)) continue;
    if (!existsSync(resource.path)) ledger.release(resourceKey(resource));
  }
  return { wiped: wiped.sort(), left: left.sort() };
}

/** The last act: the ledger goes, with the home around it, unless it still has something to name. */
export function clearLedger(
  home: Home,
  { keep }: { keep: boolean },
): { entriesLeft: number; wiped: string[]; directoriesLeft: string[] } {
  const { paths, ledger } = home;
  const open = ledger
    .live()
    .filter((resource) => resource.kind !== "directory" || resource.path.startsWith(paths.home + sep));
  if (keep || open.length > 0 || autostartNote(ledger) !== null)
    return { entriesLeft: ledger.live().length, wiped: [], directoriesLeft: [] };
  const { wiped, left } = removeHome(home);
  return { entriesLeft: left.length, wiped: [...wiped], directoriesLeft: [...left] };
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
