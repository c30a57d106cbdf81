import type { RecordedProcess } from "./recording.ts";

/** What can be read of a process while it runs. */
export type ProcessDetails = Pick<RecordedProcess, "startTime" | "executable" | "commandLine" | "cgroup">;

/** A process in the lineage. */
export interface Member {
  readonly serial: number;
  readonly pid: number;
  parent: Member | null;
  details: ProcessDetails | null;
  /** What it was seen to open to run. */
  opened: string | null;
  isOpening: boolean;
  isOlder: boolean;
  /** Whether its fork was told. */
  isAnnounced: boolean;
  fromNs: number;
  toNs: number | null;
  /** When it ran a program last; null where it goes on with what it was forked from. */
  ranNs: number | null;
  /** Whether it was seen to begin a thread. */
  hasThreads: boolean;
  /** Whether it left a dump of its memory. */
  dumped: boolean;
  /** Who had the pid before, as long as somebody may still ask about that one's time. */
  previous: Member | null;
  /** When the one before ended who is not kept any longer: what was done until then it did. */
  earlierToNs: number;
  /** Children that are kept, and what it did that is kept. */
  uses: number;
}

/** The dynamic loaders of the C libraries: ld.so(8), musl's. */
const loaderName = /\/ld(?:-[^/]*)?\.so[^/]*$/;
/** Nothing. */
export const unread: ProcessDetails = { startTime: null, executable: null, commandLine: null, cgroup: null };

export function newMember(of: Pick<Member, "serial" | "pid" | "fromNs" | "previous">): Member {
  return {
    ...of,
    parent: null,
    details: null,
    opened: null,
    isOpening: false,
    isOlder: false,
    isAnnounced: false,
    earlierToNs: Number.NEGATIVE_INFINITY,
    ranNs: null,
    hasThreads: false,
    toNs: null,
    dumped: false,
    uses: 0,
  };
}

/** What a process opened to run: a script is followed by who interprets it, and both by the dynamic loader. */
export function noteOpened(member: Member, path: string): void {
  const isLoader = loaderName.test(path);
  if (!isLoader && !member.isOpening) member.opened = path;
  member.isOpening = !isLoader;
}

export function executableOf({ details, opened }: Member): string | null {
  return details?.executable ?? opened;
}

/** @param wallMs wall time in ms of a monotonic time in ns */
export function recordOf(member: Member, wallMs: (atNs: number) => number): RecordedProcess {
  const executable = executableOf(member);
  return {
    serial: member.serial,
    pid: member.pid,
    parent: member.parent?.serial ?? null,
    ...(member.details ?? unread),
    executable,
    ...(member.opened !== null && member.opened !== executable && { opened: member.opened }),
    isOlder: member.isOlder,
    fromMs: wallMs(member.fromNs),
    toMs: member.toNs === null ? null : wallMs(member.toNs),
    ...(member.dumped && { dumped: true }),
  };
}
