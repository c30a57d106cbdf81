import { lstatSync } from "node:fs";
import { sep } from "node:path";

import type { Enclosure, JobPlace } from "./enclosure.ts";

/** Whether a job has the host's network, or an empty one of its own with a loopback interface. */
export type JobNetwork = "none" | "host";

export interface BubblewrapOptions {
  /** Absolute path of bwrap(1). */
  readonly program: string;
  readonly network: JobNetwork;
  /** Directories of which a job sees nothing but its own workspace: the agent's home, with its key. */
  readonly hidden: readonly string[];
  /** Directories that stay to be seen, read-only, although they lie in one that is private or hidden. */
  readonly visible: readonly string[];
  /** Whether a job can be kept from making user namespaces (bubblewrap 0.8). */
  readonly refusesNamespaces: boolean;
}

/** Directories that are empty and the job's own, in memory, and end with it. Jobs are told another TMPDIR. */
const privateDirectories = ["/tmp", "/var/tmp", "/run"] as const;
/** The most that each of those holds, in bytes, unless the workspace's own cap is smaller. */
const privateBytesMax = 64 * 1024 ** 2;
/** Where resolvers' addresses are when /etc/resolv.conf is a link. */
const resolverDirectories = ["/run/systemd/resolve", "/run/resolvconf"] as const;

/** Runs jobs in namespaces of their own (bwrap(1)): PIDs, mounts, IPC, host name, users, cgroups and network. */
export function bubblewrapEnclosure(options: BubblewrapOptions): Enclosure {
  return {
    name: "bubblewrap",
    cannot: cannotOf(options),
    kept: true,
    enclose: (place, command) => [options.program, ...namespaces(options), ...mounts(options, place), "--", ...command],
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

/** What comes later is mounted over what came before, so a directory comes before those in it. */
function mounts({ network, hidden, visible }: BubblewrapOptions, { workspace, sizeBytes }: JobPlace): string[] {
  const size = String(Math.min(privateBytesMax, sizeBytes));
  const empty = (path: string): string[] => ["--size", size, "--perms", "1777", "--tmpfs", path];
  const covered = privateDirectories.filter(isDirectory);
  const isCovered = (path: string): boolean => [...covered, ...hidden].some((one) => path.startsWith(one + sep));
  const places = [
    ...covered.map((path) => ({ path, mount: empty(path) })),
    ...hidden.map((path) => ({ path, mount: ["--tmpfs", path] })),
    ...visible.filter(isCovered).map((path) => ({ path, mount: ["--ro-bind", path, path] })),
    { path: workspace, mount: ["--bind", workspace, workspace] },
  ].sort((a, b) => a.path.length - b.path.length);
  return [
    ...["--ro-bind", "/", "/"],
    ...["--dev", "/dev", ...empty("/dev/shm"), "--remount-ro", "/dev"],
    ...["--proc", "/proc"],
    ...places.flatMap(({ mount }) => mount),
    ...(network === "host" ? resolverDirectories.flatMap((path) => ["--ro-bind-try", path, path]) : []),
    // The ways to what is mounted in them are made; from now on nothing more.
    ...hidden.flatMap((path) => ["--remount-ro", path]),
    ...["--chdir", workspace],
  ];
}

/** A link would lead to a directory that is covered itself, or is the host's to show. */
function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function cannotOf({ network, refusesNamespaces }: BubblewrapOptions): string[] {
  const cannot = [
    "A job can read what the agent's user can read of this host's files, but for the agent's home; it can change none of them.",
    "What a job writes into /tmp, /var/tmp, /run and /dev/shm is kept in memory, is not checkpointed, and ends with it.",
  ];
  if (network === "host") {
    cannot.push(
      "Jobs use this host's network as the agent's user does (--job-network host): work that they hand to another daemon over it is not stopped or ended with them.",
    );
  }
  if (!refusesNamespaces) {
    cannot.push(
      "This bubblewrap is older than 0.8, so a job can make user namespaces of its own, which shows it more of the kernel.",
    );
  }
  return cannot;
}
