import type { FactAttributes, SurfaceStatus } from "../../protocol/residue-report.ts";

/** Surfaces whose facts have forms of their own. */
const formedSurfaces = ["files", "processes", "sockets", "crontabs", "cgroups"] as const;
/** Surfaces whose facts are `ListedFact`s. */
export const listedSurfaces = [
  ...(["mounts", "network", "ipc", "keys", "storage", "sysctls", "configuration"] as const),
  ...(["open-files", "namespaces", "firewall", "kernel", "services", "packages", "containers"] as const),
] as const;
export type ListedSurface = (typeof listedSurfaces)[number];

export const surfaces = [...formedSurfaces, ...listedSurfaces] as const;
export type Surface = (typeof surfaces)[number];

/** How a collector's reading of its surface went. */
export interface SurfaceReading {
  readonly surface: Surface;
  readonly status: SurfaceStatus["status"];
  /** Why it is not `done`, in words. */
  readonly detail: string;
  /** Whether it is `partial` for no other reason than that no more was asked for. */
  readonly isNarrowed?: boolean;
  readonly facts: number;
  readonly durationMs: number;
}

/** A process for certain: pids are reused, the pair is not. */
export interface ProcessFact {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, as text. */
  readonly startTime: string;
  readonly name: string;
  readonly commandLine: string;
  /** Null where this user may not see it, or there is none (kernel threads). */
  readonly executable: string | null;
  readonly workingDirectory: string | null;
  readonly uid: number | null;
  readonly parent: number;
  readonly session: number;
  /** Number of its controlling terminal (tty_nr, proc_pid_stat(5)); 0 for none, absent where it is not known. */
  readonly terminal?: number;
  readonly group?: number;
  /** Path below the cgroup v2 root; null where that is unknown. */
  readonly cgroup: string | null;
  /** PF_KTHREAD; a name in brackets proves nothing. */
  readonly kernelThread: boolean;
  /** R, S, D, Z …: proc_pid_stat(5). Varies, so that only whether it is stopped (T) is compared. */
  readonly state: string;
  /** The project's variables in its environment; null where this user may not see it. */
  readonly marks: Readonly<Record<string, string>> | null;
  /** What anybody with the right may set of a process that runs. Null or absent where it is not known. */
  readonly nice?: number;
  /** sched(7), with the priority of those that have one: `other`, `fifo at priority 3`. */
  readonly scheduling?: string;
  /** ioprio_set(2): `best-effort 4`, `none` where nobody set it. */
  readonly ioPriority?: string | null;
  /** Processors that it may run on: `0-3,7`. */
  readonly affinity?: string | null;
  readonly oomScoreAdjust?: number | null;
  /** `open files 1024/4096`, soft and hard. */
  readonly limits?: readonly string[] | null;
  /** `net:[4026531833]`, one of each kind of namespaces(7). */
  readonly namespaces?: readonly string[] | null;
  /** Of cgroup version 1, one of each hierarchy: `pids:/x`. */
  readonly olderCgroups?: readonly string[] | null;
  /** By how many ns a wait may be late (proc_pid_timerslack_ns(5)). */
  readonly timerSlackNs?: number | null;
  /** What a core dump of it holds (core(5)). */
  readonly coreDumpFilter?: string | null;
  /** What is set of its threads beside the first one: `4711: nice 5, …`. */
  readonly threads?: readonly string[] | null;
  /** The niceness of its whole session among others (sched(7)). */
  readonly autogroupNice?: number | null;
}

export interface SocketFact {
  /** `tcp 127.0.0.1:8080 listening`; with the connected or numbered part where that is needed to tell two apart. */
  readonly key: string;
  readonly protocol: string;
  readonly local: string;
  readonly remote: string | null;
  readonly state: string;
  readonly uid: number | null;
  /** Inode numbers of the sockets under this key; empty for what the kernel keeps without one (TIME_WAIT). */
  readonly inodes: readonly number[];
  /** Pids that hold one of them open; null where that is not visible. */
  readonly owners: readonly number[] | null;
  /** Inode numbers of the cgroups (version 2) that their makers were in, whoever holds them now. */
  readonly makerCgroups?: readonly number[];
}

/** One line that asks for something to be run, or a script in one of cron's directories. */
export interface CrontabFact {
  readonly key: string;
  readonly file: string;
  /** 1 for the first line; null for a script. */
  readonly line: number | null;
  readonly text: string;
  /** Whose crontab, where the place tells. */
  readonly user: string | null;
}

export interface CgroupFact {
  /** Path below the cgroup v2 root; of version 1 with the name of its hierarchy before it, `pids:/x`. */
  readonly path: string;
  /** Where it is in the file system. */
  readonly directory: string;
  /** 0 for a hierarchy of version 1 that is mounted nowhere. */
  readonly inode: number;
  /** What is set of it, by the names of its files: `cgroup.freeze`, `pids.max`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * One thing of a surface that has no form of its own: what it is, and what is compared of it. Texts have one character a
 * byte.
 */
export interface ListedFact {
  /** Unique within its surface, and the same in every reading. */
  readonly key: string;
  /** What it is, in words: `mount of tmpfs on /mnt/x`. */
  readonly subject: string;
  /** Where a person finds it: a path, an id. */
  readonly location: string;
  /** The file that it stands in, one character a byte, whose own change is told with it. */
  readonly file?: string;
  /** The number of what is mounted, as /sys has it: `0:57`. It is another one the next time, and is not compared. */
  readonly device?: string;
  /** Pids of the processes that keep it: it goes when they end. */
  readonly holders?: readonly number[];
  /** Pids of the processes that have it open, though it may outlive them. */
  readonly users?: readonly number[];
  /** Null where that means nothing. */
  readonly uid: number | null;
  /** Compared one by one. */
  readonly attributes: FactAttributes;
  /** The kernel moves its value by itself: a change of it alone is told apart. */
  readonly isCounter?: boolean;
  /** Attributes that its use moves, too: a change of these alone is told where the run was seen to do it. */
  readonly movesInUse?: readonly string[];
  /** A command that shows it. */
  readonly show: string;
}

/** What a collector of listed facts found, and how its reading went. */
export interface ListedReading {
  readonly facts: readonly ListedFact[];
  /** What this user may not see, in words; empty where everything was seen. */
  readonly unseen: readonly string[];
}

/** Attributes for people and for JSON. */
export function attributesOf(fact: ProcessFact | SocketFact | CrontabFact | CgroupFact): FactAttributes {
  const attributes: FactAttributes = {};
  for (const [name, value] of Object.entries(fact)) {
    // Of threads there may be thousands; which of them was changed, and to what, the evidence says.
    if (name === "key" || name === "inodes" || name === "threads") continue;
    attributes[name] = plain(value);
  }
  return attributes;
}

function plain(value: unknown): FactAttributes[string] {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === "object") return Object.entries(value).map(([name, part]) => `${name}=${String(part)}`);
  return null;
}
