import { join } from "node:path";

import type { Hook } from "./hook.ts";
import { PlantedFiles } from "./planted-files.ts";
import type { Autostart, AutostartRemoval, AutostartResource } from "./port.ts";

/**
 * A property list in the user's LaunchAgents (launchd.plist(5)): macOS loads it at the next login. launchctl is never
 * called: it would start a second agent now, and at the removal end the one that removes it.
 */
export class Launchd implements Autostart {
  readonly name = "launchd";
  readonly cannot: readonly string[];
  readonly #files: PlantedFiles;

  constructor({
    hook,
    userHome,
    platform = process.platform,
  }: {
    readonly hook: Hook;
    readonly userHome: string;
    readonly platform?: NodeJS.Platform;
  }) {
    this.cannot = platform === "darwin" ? [] : ["launchd is macOS's: here its property list starts nothing."];
    const path = join(userHome, "Library", "LaunchAgents", `${hook.name}.plist`);
    this.#files = new PlantedFiles([{ path, content: propertyList(hook) }], hook.marker);
  }

  async resources(): Promise<AutostartResource[]> {
    return this.#files.resources();
  }

  async install(resources: readonly AutostartResource[]): Promise<void> {
    this.#files.install(resources);
  }

  async remove(resources: readonly AutostartResource[]): Promise<AutostartRemoval> {
    return this.#files.remove(resources);
  }

  async found(): Promise<AutostartResource[]> {
    return this.#files.found();
  }

  async isInstalled(): Promise<boolean> {
    return this.#files.isInstalled();
  }
}

function propertyList({ name, marker, command }: Hook): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${marker} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${name}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((argument) => `    <string>${escaped(argument)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
