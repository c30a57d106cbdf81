import type { Hook } from "./hook.ts";
import { notRun, runsHost, Systemd } from "./systemd.ts";

/** A unit of the host's systemd: starts with the host, as root, who alone can install it. */
export function systemdSystem({
  hook,
  directory = "/etc/systemd/system",
  systemctl = "systemctl",
  manager,
}: {
  readonly hook: Hook;
  readonly directory?: string;
  readonly systemctl?: string;
  /** What is there where systemd runs this host. */
  readonly manager?: string;
}): Systemd {
  return new Systemd({
    name: "systemd",
    hook,
    directory,
    wantedBy: "multi-user.target",
    systemctl: [systemctl],
    cannot: runsHost(manager) ? [] : [notRun],
  });
}
