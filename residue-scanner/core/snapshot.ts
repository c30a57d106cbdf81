import type {
  CgroupFact,
  CrontabFact,
  ListedFact,
  ListedSurface,
  ProcessFact,
  SocketFact,
  SurfaceReading,
} from "./fact.ts";
import type { Tree } from "./packed-tree.ts";

/** All facts about the host at one time, and what could not be seen. */
export interface Snapshot {
  readonly version: 1;
  /** Wall time in ms, when the reading began and ended. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Changes with every boot; identities of processes mean nothing across two. Null where there is none. */
  readonly bootId: string | null;
  readonly host: string;
  readonly uid: number;
  /** What the files surface was asked to read; null for the whole host. */
  readonly scope: readonly string[] | null;
  /** The scanner and the processes above it: whoever started it, not what is being watched. */
  readonly scanner: readonly { readonly pid: number; readonly startTime: string }[];
  /** Pid of the launcher of this very program, which ends with it; null or absent where there is none. */
  readonly launcher?: number | null;
  /** Pids of those who read what the scanner prints, started together with it. */
  readonly readers?: readonly number[];
  readonly surfaces: readonly SurfaceReading[];
  readonly files: Tree;
  /** Two ways of reading files see different attributes; null when no file was read. */
  readonly filesReader: "native" | "portable" | null;
  readonly processes: readonly ProcessFact[];
  readonly sockets: readonly SocketFact[];
  readonly crontabs: readonly CrontabFact[];
  readonly cgroups: readonly CgroupFact[];
  /** By surface; a surface that was not read is absent. */
  readonly listed: Readonly<Partial<Record<ListedSurface, readonly ListedFact[]>>>;
  /** Whether this process took it, so that what it says can be looked at more closely on the spot. */
  readonly live: boolean;
}
