import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { Skipped } from "../../protocol/suite.ts";
import { limitedBy } from "./limit-place.ts";

/** How long the trial of an enclosure may take on a busy host, in milliseconds. */
const enclosureMsMax = 10_000;
const crontabMsMax = 10_000;

/** What a scenario may need of the machine on which it runs. */
export type NeedName = keyof typeof probes;

const isRoot = (): boolean => process.getuid?.() === 0;
const onDebian = (name: string): string => `On Debian: apt-get install ${name}.`;

/**
 * Each says what is missing and what would help; null where nothing is. They only look, because `list` asks them too.
 */
const probes = {
  bubblewrap: () => installed("bwrap", "jobs are to be enclosed", onDebian("bubblewrap")) ?? enclosable(),
  crontab: () => {
    const absent = installed("crontab", "one is to be edited", onDebian("cron"));
    if (absent !== null) return absent;
    const own = spawnSync("crontab", ["-l"], { encoding: "utf8", timeout: crontabMsMax });
    if (own.status === 0) {
      return {
        why: "This user has a crontab, and nothing is to change it.",
        remedy: "Run it as a user who has none.",
      };
    }
    if (/your UID isn't in the passw/i.test(own.stderr)) {
      return { why: "This user has no name, and so no crontab.", remedy: "Run it as a user whom /etc/passwd names." };
    }
    return existsSync("/var/spool/cron/crontabs")
      ? null
      : { why: "There is no spool of crontabs.", remedy: onDebian("cron") };
  },
  "process-limit": () => limitOf("pids", "processes"),
  "memory-limit": () => limitOf("memory", "memory"),
  "own-network": () =>
    isRoot()
      ? (installed("ip", "lines are laid between network namespaces", onDebian("iproute2")) ??
        installed("nsenter", "whoever starts in a network namespace goes there by it", onDebian("util-linux")) ??
        installed("iptables", "a router is to drop packets", onDebian("iptables")))
      : { why: "Only root may make network namespaces for others.", remedy: "Run it as root, or with --stage host." },
  "own-cgroup": () =>
    writable(cgroup2Root())
      ? null
      : {
          why: "This user may make no cgroup of version 2, in which a storm can be ended whatever it does.",
          remedy: "Run it as root, or in a cgroup that is delegated: systemd-run --user --scope -p Delegate=yes.",
        },
} as const satisfies Record<string, () => Skipped | null>;

export const needNames = Object.keys(probes) as NeedName[];

/** What is missing of a need, and what would help; null where nothing is. */
export function missing(need: NeedName): Skipped | null {
  return probes[need]();
}

function installed(command: string, what: string, remedy: string): Skipped | null {
  const places = (process.env["PATH"] ?? "").split(delimiter);
  if (places.some((directory) => directory !== "" && executable(join(directory, command)))) return null;
  return { why: `There is no ${command}, and ${what}.`, remedy };
}

let enclosed: { readonly missing: Skipped | null } | undefined;

/**
 * By making an enclosure: kernels and distributions have several switches against it. Tried once: it takes a process.
 */
function enclosable(): Skipped | null {
  enclosed ??= { missing: triedEnclosure() };
  return enclosed.missing;
}

function triedEnclosure(): Skipped | null {
  const enclosure = [
    "--ro-bind",
    "/",
    "/",
    "--unshare-user",
    "--unshare-pid",
    "--proc",
    "/proc",
    "--",
    "/bin/sh",
    "-c",
    ":",
  ];
  const { status, stderr, error } = spawnSync("bwrap", enclosure, { encoding: "utf8", timeout: enclosureMsMax });
  if (status === 0) return null;
  const said = (error?.message ?? stderr).trim().split("\n").at(-1) ?? "";
  return {
    why: `Jobs cannot be enclosed here: ${said.replace(/\.$/, "")}.`,
    remedy: "Allow this user to make user namespaces, and leave /proc without mounts on it.",
  };
}

/** Hostile jobs run only where something outside of the agent holds them, whatever the agent does. */
function limitOf(controller: "pids" | "memory", what: string): Skipped | null {
  if (limitedBy(controller) !== null) return null;
  const why = `No controller of cgroups limits ${what} for this user, so that nothing would hold the job if the agent did not.`;
  const remedy = isRoot()
    ? `Mount the ${controller} controller, of version 2 or 1: mount -t cgroup -o ${controller} cgroup /sys/fs/cgroup/${controller}.`
    : `Run it as root, or where the ${controller} controller is delegated to this user.`;
  return { why, remedy };
}

function cgroup2Root(): string {
  for (const line of lines("/proc/self/mounts")) {
    const [, path, type] = line.split(" ");
    if (type === "cgroup2" && path !== undefined) {
      const own = lines("/proc/self/cgroup").find((each) => each.startsWith("0::"));
      return join(path, own?.slice("0::".length) ?? "", "cgroup.procs");
    }
  }
  return "/proc/no-cgroup";
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}
