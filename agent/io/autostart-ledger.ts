import { existsSync } from "node:fs";
import { sep } from "node:path";

import { hookOf } from "../autostart/hook.ts";
import { makeAutostart } from "../autostart/make-autostart.ts";
import type { Autostart, AutostartName, AutostartRemoval, AutostartResource } from "../autostart/port.ts";
import { resourceKey } from "../host-resource.ts";
import type { Home } from "./home.ts";
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
 * Has the home's agent started as it is wished, in place of what was installed before. Everything is in the ledger
 * before it is taken.
 *
 * @returns what this way does not do here, for the donor
 * @throws UsageError; nothing is left then
 */
export async function settleAutostart(home: Home, wish: AutostartWish): Promise<readonly string[]> {
  const { left } = await removeAutostart(home);
  if (wish.name === "none" || left.length > 0) return left.map((thing) => `An earlier startup hook is left: ${thing}`);
  const { name, environment } = wish;
  const autostart = makeAutostart(name, { hook: hookOf(home.paths), environment });
  await install(home, autostart);
  return autostart.cannot;
}

/** Takes the startup hook away, looks again, and strikes off what is gone. */
export async function removeAutostart(home: Home): Promise<AutostartRemoval> {
  const note = autostartNote(home.ledger);
  if (note === null) return { removed: [], left: [] };
  const hook = hookOf(home.paths);
  return await giveBack(home, makeAutostart(note.name, { hook, environment: {} }), note);
}

/** The startup hook that the ledger knows of, or null. */
export function autostartNote(ledger: FileHostLedger): AutostartNote | null {
  const note = ledger.notes("autostart").find(({ key }) => key === "autostart");
  return (note?.value as AutostartNote | undefined) ?? null;
}

async function install(home: Home, autostart: Autostart): Promise<void> {
  const { ledger } = home;
  const note = { name: autostart.name, resources: await autostart.resources() };
  ledger.remember({ key: "autostart", value: note });
  for (const resource of note.resources) ledger.acquire(resource);
  try {
    await autostart.install(note.resources);
  } catch (error) {
    await giveBack(home, autostart, note);
    throw error;
  }
}

async function giveBack({ paths, ledger }: Home, autostart: Autostart, note: AutostartNote): Promise<AutostartRemoval> {
  const removal = await autostart.remove(note.resources);
  for (const resource of note.resources) {
    if (resource.kind === "crontab") {
      if (removal.left.length === 0 && ledger.holds(resourceKey(resource))) ledger.release(resourceKey(resource));
      continue;
    }
    // A directory that others use by now is theirs; but the way to the home is taken away with the home.
    const stays = existsSync(resource.path);
    const leadsHome = resource.kind === "directory" && paths.home.startsWith(resource.path + sep);
    if (stays && (resource.kind === "file" || leadsHome)) continue;
    if (ledger.holds(resourceKey(resource))) ledger.release(resourceKey(resource));
  }
  if (removal.left.length === 0) ledger.remember({ key: "autostart", value: null });
  return removal;
}
