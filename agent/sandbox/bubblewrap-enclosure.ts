import { existsSync, lstatSync, readlinkSync } from "node:fs";

import { isWithin } from "../activity/is-within.ts";
import type { Enclosure, JobPlace } from "./enclosure.ts";
import { type PrivateFile, privateFiles } from "./private-files.ts";

/** Whether a job has the host's network, or an empty one of its own with a loopback interface. */
export type JobNetwork = "none" | "host";

export interface BubblewrapOptions {
  /** Absolute path of bwrap(1). */
  readonly program: string;
  readonly network: JobNetwork;
  /** Directories of which a job sees nothing but its own workspace: the agent's home, with its key. */
  readonly hidden: readonly string[];
  /**
   * Files and directories that are to be seen, read-only, beside the system's own: where programs are that jobs use,
   * and what the donor has named.
   */
  readonly visible: readonly string[];
  /** Whether a job can be kept from making user namespaces (bubblewrap 0.8). */
  readonly refusesNamespaces: boolean;
}

/**
 * All of the host that every job sees, read-only: programs and their settings, and of /sys what Flatpak shows, which
 * says what processors there are. Neither homes nor the places of sockets are among them: a socket that has a path
 * takes connections through a read-only mount too.
 */
const systemDirectories: readonly string[] = [
  ...["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix/store", "/gnu/store"],
  ...["/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices"],
];
/** Where keys and password hashes lie among them. */
const settingsDirectory = "/etc";
/** Directories that are empty and the job's own, in memory, and end with it. Jobs are told another TMPDIR. */
const privateDirectories = ["/tmp", "/var/tmp", "/run"] as const;
/** The most that each of those holds, in bytes, unless the workspace's own cap is smaller. */
const privateBytesMax = 64 * 1024 ** 2;
/** Where resolvers' addresses are when /etc/resolv.conf is a link. */
const resolverFiles = [
  ...["/run/systemd/resolve/stub-resolv.conf", "/run/systemd/resolve/resolv.conf"],
  ...["/run/resolvconf/resolv.conf", "/run/NetworkManager/resolv.conf"],
] as const;

/** Runs jobs in namespaces of their own (bwrap(1)): PIDs, mounts, IPC, host name, users, cgroups and network. */
export function bubblewrapEnclosure(options: BubblewrapOptions): Enclosure {
  const secrets = privateFiles(settingsDirectory);
  return {
    name: "bubblewrap",
    cannot: cannotOf(options),
    kept: true,
    enclose: (place, command) => [
      ...[options.program, ...namespaces(options), ...mounts({ options, secrets, place })],
      ...["--", ...command],
    ],
  };
}

function namespaces({ network, refusesNamespaces }: BubblewrapOptions): string[] {
  return [
    // Also as root: without a user namespace, root could not give up that other users' private files are its to read.
    "--unshare-user",
    ...(refusesNamespaces ? ["--disable-userns"] : []),
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    ...(network === "none" ? ["--unshare-net"] : []),
    ...["--hostname", "sandbox"],
    ...["--cap-drop", "ALL"],
    "--die-with-parent",
  ];
}

/** Something of the job's view of the host, and where it is. */
interface Place {
  readonly path: string;
  readonly mount: readonly string[];
}

/**
 * The job's file system begins empty, and holds what is named here. What comes later is mounted over what came before,
 * so a directory comes before those in it.
 */
function mounts({
  options: { network, hidden, visible },
  secrets,
  place: { workspace, sizeBytes },
}: {
  options: BubblewrapOptions;
  secrets: readonly PrivateFile[];
  place: JobPlace;
}): string[] {
  const size = String(Math.min(privateBytesMax, sizeBytes));
  const empty = (path: string): string[] => ["--size", size, "--perms", "1777", "--tmpfs", path];
  const covers = [...privateDirectories, ...hidden];
  const places: Place[] = [
    ...shown({ visible, covers }),
    ...secrets.filter(({ path }) => existsSync(path)).map(cover),
    ...privateDirectories.map((path) => ({ path, mount: empty(path) })),
    ...hidden.map((path) => ({ path, mount: ["--tmpfs", path] })),
    { path: workspace, mount: ["--bind", workspace, workspace] },
  ].sort((a, b) => a.path.length - b.path.length);
  return [
    ...places.filter(({ path }) => path === "/").flatMap(({ mount }) => mount),
    ...["--dev", "/dev", ...empty("/dev/shm"), "--remount-ro", "/dev"],
    ...["--proc", "/proc"],
    ...places.filter(({ path }) => path !== "/").flatMap(({ mount }) => mount),
    ...(network === "host" ? resolverFiles.flatMap((path) => ["--ro-bind-try", path, path]) : []),
    // The ways to what is mounted in them are made; from now on nothing more.
    ...hidden.flatMap((path) => ["--remount-ro", path]),
    ...["--remount-ro", "/"],
    ...["--chdir", workspace],
  ];
}

/** The host's programs and settings, and what else is to be seen; what lies in another of them comes with it. */
function shown({ visible, covers }: { visible: readonly string[]; covers: readonly string[] }): Place[] {
  const all = [...new Set([...systemDirectories, ...visible])].filter((path) => existsSync(path));
  const isCovered = (path: string): boolean => covers.some((cover) => isWithin(path, cover));
  return all
    .filter((path) => isCovered(path) || !all.some((other) => other !== path && isWithin(path, other)))
    .map((path) => ({ path, mount: systemDirectories.includes(path) ? asItIs(path) : ["--ro-bind", path, path] }));
}

/** On most systems /bin and /lib are links into /usr. */
function asItIs(path: string): string[] {
  return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}

function cover({ path, isDirectory }: PrivateFile): Place {
  return { path, mount: isDirectory ? ["--tmpfs", path, "--remount-ro", path] : ["--ro-bind", "/dev/null", path] };
}

function cannotOf({ network, refusesNamespaces }: BubblewrapOptions): string[] {
  const cannot = [
    "A job can read this host's programs and settings (/usr, /etc but for what only this user may read there, and the directories of the search path), and what --job-read names; it can change none of them, and sees nothing else.",
    "What a job writes into /tmp, /var/tmp, /run and /dev/shm is kept in memory, is not checkpointed, and ends with it.",
  ];
  if (network === "host") {
    cannot.push(
      "Jobs use this host's network as the agent's user does (--job-network host), and with it sockets in Linux's abstract namespace: work that they hand to another daemon there is not stopped or ended with them.",
    );
  }
  if (!refusesNamespaces) {
    cannot.push(
      "This bubblewrap is older than 0.8, so a job can make user namespaces of its own, which shows it more of the kernel.",
    );
  }
  return cannot;
}
