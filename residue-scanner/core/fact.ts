import type { FactAttributes, SurfaceStatus } from "../../protocol/residue-report.ts";

export const surfaces = ["files", "processes", "sockets", "crontabs", "cgroups"] as const;
export type Surface = (typeof surfaces)[number];

/** How a collector's reading of its surface went. */
export interface SurfaceReading {
  readonly surface: Surface;
  readonly status: SurfaceStatus["status"];
  /** Why it is not `done`, in words. */
  readonly detail: string;
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
  /** Path below the cgroup v2 root; null where that is unknown. */
  readonly cgroup: string | null;
  /** PF_KTHREAD; a name in brackets proves nothing. */
  readonly kernelThread: boolean;
  /** R, S, D, Z …: proc_pid_stat(5). Varies, so it is never compared. */
  readonly state: string;
  /** The project's variables in its environment; null where this user may not see it. */
  readonly marks: Readonly<Record<string, string>> | null;
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
  /** Path below the cgroup v2 root. */
  readonly path: string;
  /** Where it is in the file system. */
  readonly directory: string;
  readonly inode: number;
}

/** Attributes for people and for JSON. */
export function attributesOf(fact: ProcessFact | SocketFact | CrontabFact | CgroupFact): FactAttributes {
  const attributes: FactAttributes = {};
  for (const [name, value] of Object.entries(fact)) {
    if (name === "key" || name === "inodes") continue;
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
