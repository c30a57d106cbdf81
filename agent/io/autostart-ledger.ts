import { existsSync } from "node:fs";
import { sep } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { type Hook, hookOf } from "../autostart/hook.ts";
import { makeAutostart } from "../autostart/make-autostart.ts";
import {
  type Autostart,
  type AutostartName,
  autostartNames,
  type AutostartRemoval,
  type AutostartResource,
} from "../autostart/port.ts";
import { resourceKey } from "../host-resource.ts";
import type { Home } from "./home.ts";
import type { HomePaths } from "./home-paths.ts";
import type { FileHostLedger } from "./host-ledger.ts";

/** What the ledger holds of a startup hook: enough to take it away without whoever installed it. */
export interface AutostartNote {
  readonly name: AutostartName;
  readonly resources: readonly AutostartResource[];
}

/** How the owner wants the agent started with the host. */
export interface AutostartWish {
  readonly name: AutostartName | "none";
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Has the home's agent started as it is wished, and then no longer as it was before: where that cannot be done, what was
 * there stays. Everything is in the ledger before it is taken.
 *
 * @returns what this way does not do here, for the donor
 * @throws UsageError; nothing of the new one is left then
 */
export async function settleAutostart(home: Home, wish: AutostartWish): Promise<readonly string[]> {
  const { name, environment } = wish;
  const earlier = autostartNotes(home.ledger);
  const isLeft = ({ left }: AutostartRemoval): string[] =>
    left.map((thing) => `An earlier startup hook is left: ${thing}`);
  if (name === "none") return isLeft(await removeAutostart(home));
  const autostart = makeAutostart(name, { hook: hookOf(home.paths), environment });
  await install(home, autostart, earlier.find((note) => note.name === name)?.resources ?? []);
  const others = earlier.filter((note) => note.name !== name);
  const removals: string[] = [];
  for (const note of others) removals.push(...isLeft(await removeNoted(home, note)));
  return [...autostart.cannot, ...removals];
}

/** Takes every startup hook away that the ledger names, looks again, and strikes off what is gone. */
export async function removeAutostart(home: Home): Promise<AutostartRemoval> {
  const removals: AutostartRemoval[] = [];
  for (const note of autostartNotes(home.ledger)) removals.push(await removeNoted(home, note));
  return joined(removals);
}

/**
 * The same, and then by the home's marker every hook of every kind, whatever the ledger says.
 *
 * @param isLedgerWhole whether the ledger can be trusted to name what could not be looked at
 */
export async function removeEveryAutostart(
  home: Home,
  { environment, isLedgerWhole }: { environment: NodeJS.ProcessEnv; isLedgerWhole: boolean },
): Promise<AutostartRemoval> {
  const noted = await removeAutostart(home);
  const removals = [noted];
  for (const { autostart, resources, problem } of await hooksOf(home.paths, environment)) {
    if (resources.length > 0 && noted.left.length === 0) removals.push(await autostart.remove(resources));
    const unseen = `whether there is a hook by ${autostart.name} could not be seen (${problem})`;
    if (problem !== null && !isLedgerWhole) removals.push({ removed: [], left: [unseen] });
  }
  return joined(removals);
}

/** Whether anything starts an agent of that home with this host. */
export async function hasHook(paths: HomePaths, environment: NodeJS.ProcessEnv): Promise<boolean> {
  return (await hooksOf(paths, environment)).some(({ resources }) => resources.length > 0);
}

/** The startup hooks that the ledger knows of: one, or two while one takes another's place. */
export function autostartNotes(ledger: FileHostLedger): AutostartNote[] {
  return ledger.notes("autostart").map(({ value }) => value as AutostartNote);
}

async function hooksOf(
  { home }: HomePaths,
  environment: NodeJS.ProcessEnv,
): Promise<{ autostart: Autostart; resources: readonly AutostartResource[]; problem: string | null }[]> {
  let hook: Hook;
  try {
    hook = hookOf({ home });
  } catch {
    // No hook can name that home, and so none does.
    return [];
  }
  return await Promise.all(
    autostartNames.map(async (name) => {
      const autostart = makeAutostart(name, { hook, environment });
      try {
        return { autostart, resources: await autostart.found(), problem: null };
      } catch (error) {
        // Where there is no such service, there is nothing of the agent in it.
        const isMissing = error instanceof UsageError && error.code === "no-crontab";
        return { autostart, resources: [], problem: isMissing ? null : String(error) };
      }
    }),
  );
}

/** @param earlier what the same way has taken already; where the new one is refused, it stays */
async function install(home: Home, autostart: Autostart, earlier: readonly AutostartResource[]): Promise<void> {
  const { ledger } = home;
  const key = `autostart:${autostart.name}` as const;
  const known = new Set(earlier.map(resourceKey));
  const wanted = await autostart.resources();
  const more = wanted.filter((resource) => !known.has(resourceKey(resource)));
  const note = { name: autostart.name, resources: [...earlier, ...more] };
  ledger.remember({ key, value: note });
  for (const resource of more) ledger.acquire(resource);
  try {
    await autostart.install(note.resources);
  } catch (error) {
    await giveBack(home, autostart, { ...note, resources: more });
    if (earlier.length > 0) ledger.remember({ key, value: { ...note, resources: earlier } });
    throw error;
  }
  const places = new Set(wanted.map(resourceKey));
  const stale = earlier.filter((resource) => resource.kind === "file" && !places.has(resourceKey(resource)));
  await autostart.remove(stale);
}

async function removeNoted(home: Home, note: AutostartNote): Promise<AutostartRemoval> {
  const hook = hookOf(home.paths);
  return await giveBack(home, makeAutostart(note.name, { hook, environment: {} }), note);
}

async function giveBack({ paths, ledger }: Home, autostart: Autostart, note: AutostartNote): Promise<AutostartRemoval> {
  const removal = await autostart.remove(note.resources);
  for (const resource of note.resources) {
    if (resource.kind === "crontab") {
      if (removal.left.length === 0 && ledger.holds(resourceKey(resource))) ledger.release(resourceKey(resource));
      continue;
    }
    // What others have put there, or use by now, is theirs; but the way to the home is taken away with the home.
    const isLeft = removal.left.some((thing) => thing.startsWith(`${resource.path} (`));
    const leadsHome = resource.kind === "directory" && paths.home.startsWith(resource.path + sep);
    if (isLeft || (leadsHome && existsSync(resource.path))) continue;
    if (ledger.holds(resourceKey(resource))) ledger.release(resourceKey(resource));
  }
  if (removal.left.length > 0) return removal;
  for (const { key, value } of ledger.notes("autostart")) {
    if ((value as AutostartNote).name === note.name)
      ledger.remember({ key: key as `autostart:${string}`, value: null });
  }
  return removal;
}

function joined(removals: readonly AutostartRemoval[]): AutostartRemoval {
  return {
    removed: [...new Set(removals.flatMap(({ removed }) => removed))],
    left: [...new Set(removals.flatMap(({ left }) => left))],
  };
}
