import { isAbsolute, join } from "node:path";

import type { Hook } from "./hook.ts";
import { notRun, runsHost, Systemd } from "./systemd.ts";

/** A unit of this user's own systemd: starts with the user's first login, and needs no more than the user's rights. */
export function systemdUser({
  hook,
  userHome,
  configHome,
  systemctl = "systemctl",
  manager,
}: {
  readonly hook: Hook;
  readonly userHome: string;
  /** $XDG_CONFIG_HOME, if there is one. */
  readonly configHome: string | undefined;
  readonly systemctl?: string;
  /** What is there where systemd runs this host. */
  readonly manager?: string;
}): Systemd {
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  const config = configHome !== undefined && isAbsolute(configHome) ? configHome : join(userHome, ".config");
  return new Systemd({
    name: "systemd-user",
    hook,
    directory: join(config, "systemd", "user"),
    wantedBy: "default.target",
    systemctl: [systemctl, "--user"],
    cannot: [
      runsHost(manager)
        ? "A systemd user unit starts when this user logs in; for a start with the host, `loginctl enable-linger` is yours to decide."
        : notRun,
    ],
  });
}
