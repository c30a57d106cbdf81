import { lstatSync } from "node:fs";
import { join } from "node:path";

import type { Hook } from "./hook.ts";
import { PlantedFiles } from "./planted-files.ts";
import type { Autostart, AutostartName, AutostartRemoval, AutostartResource } from "./port.ts";
import { runCommand } from "./run-command.ts";
import { systemdUnit } from "./systemd-unit.ts";

export interface SystemdOptions {
  readonly name: Extract<AutostartName, "systemd" | "systemd-user">;
  readonly hook: Hook;
  /** Where units of this kind lie. */
  readonly directory: string;
  /** The target that pulls it in. */
  readonly wantedBy: string;
  /** The program that tells the manager of these units to read them anew. */
  readonly systemctl: readonly string[];
  readonly cannot: readonly string[];
}

/** What a unit cannot do on a host that another init runs: a container, say. */
export const notRun = "systemd does not run this host: here its unit starts nothing.";

/** Whether systemd runs this host (sd_booted(3)). */
export function runsHost(manager = "/run/systemd/system"): boolean {
  return lstatSync(manager, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * A unit and the link that enables it: what `systemctl enable` makes, without it, because the files are what counts at
 * the next start, with or without a manager that runs now. One that runs is told; the unit itself is never started or
 * stopped, since the agent that installs or removes it may be the very one that it runs.
 */
export class Systemd implements Autostart {
  readonly name: AutostartName;
  readonly cannot: readonly string[];
  readonly #files: PlantedFiles;
  readonly #systemctl: readonly string[];

  constructor({ name, hook, directory, wantedBy, systemctl, cannot }: SystemdOptions) {
    this.name = name;
    this.cannot = cannot;
    this.#systemctl = systemctl;
    const unit = join(directory, `${hook.name}.service`);
    const link = join(directory, `${wantedBy}.wants`, `${hook.name}.service`);
    this.#files = new PlantedFiles(
      [
        { path: unit, content: systemdUnit(hook, { wantedBy }) },
        { path: link, target: unit },
      ],
      hook.marker,
    );
  }

  async resources(): Promise<AutostartResource[]> {
    return this.#files.resources();
  }

  async install(resources: readonly AutostartResource[]): Promise<void> {
    this.#files.install(resources);
    await this.#reload();
  }

  async remove(resources: readonly AutostartResource[]): Promise<AutostartRemoval> {
    const removal = this.#files.remove(resources);
    if (removal.removed.length > 0) await this.#reload();
    return removal;
  }

  async found(): Promise<AutostartResource[]> {
    return this.#files.found();
  }

  async isInstalled(): Promise<boolean> {
    return this.#files.isInstalled();
  }

  /** Whether it answers or not: one that does not run has nothing to forget. */
  async #reload(): Promise<void> {
    await runCommand([...this.#systemctl, "daemon-reload"]);
  }
}
