import { ownHome } from "../io/own-user.ts";
import { Crontab } from "./crontab.ts";
import type { Hook } from "./hook.ts";
import { Launchd } from "./launchd.ts";
import type { Autostart, AutostartName } from "./port.ts";
import { systemdSystem } from "./systemd-system.ts";
import { systemdUser } from "./systemd-user.ts";

/** The way of that name, for this user on this host. */
export function makeAutostart(
  name: AutostartName,
  { hook, environment }: { readonly hook: Hook; readonly environment: NodeJS.ProcessEnv },
): Autostart {
  const userHome = environment["HOME"] ?? ownHome() ?? "/";
  switch (name) {
    case "crontab":
      return new Crontab({ hook });
    case "systemd-user":
      return systemdUser({ hook, userHome, configHome: environment["XDG_CONFIG_HOME"] });
    case "systemd":
      return systemdSystem({ hook });
    case "launchd":
      return new Launchd({ hook, userHome });
  }
}
