import type { Hook } from "./hook.ts";
import { Systemd } from "./systemd.ts";

/** A unit of the host's systemd: starts with the host, as root, who alone can install it. */
export function systemdSystem({
  hook,
  directory = "/etc/systemd/system",
  systemctl = "systemctl",
}: {
  readonly hook: Hook;
  readonly directory?: string;
  readonly systemctl?: string;
}): Systemd {
  return new Systemd({
    name: "systemd",
    hook,
    directory,
    wantedBy: "multi-user.target",
    systemctl: [systemctl],
    cannot: [],
  });
}
