import type { Attribution } from "./process-attribution.ts";
import type { AttributionContext } from "./attribution-context.ts";
import { isOfRun } from "./combined-roles.ts";
import { type Difference, type FileDifference, isListed } from "./difference.ts";
import type { SocketFact } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import { isPlain } from "./harness-files.ts";
import { leadsTo } from "./path-scope.ts";
import { isSetByFiles } from "./setting-paths.ts";
import { stampLagMs } from "./stamp-lag.ts";

/** A difference with its attribution, and what else was found, for a rule to judge. */
export interface NoiseCase {
  readonly difference: Difference;
  readonly attribution: Attribution;
  readonly context: AttributionContext;
  /** The run's cgroups, as paths below the cgroup v2 root. */
  readonly cgroupPrefixes: readonly string[];
  /** Who reads the host; 0 sees everything. */
  readonly watcherUid: number;
  /** The directory that holds a file, at the reading that has the file; null where that was not read. */
  readonly directory: () => FileFact | null;
  /** Whether a process with this pid is itself a finding. */
  readonly isFoundProcess: (pid: number) => boolean;
  /** Whether a crontab line of this file (one character a byte) is itself a finding. */
  readonly isFoundCrontab: (file: string) => boolean;
  /** Whether a line of this configuration file (one character a byte) is itself a finding, one that is gone too. */
  readonly isFoundLine: (file: string) => boolean;
  /** Whether a socket bound to this path is itself a finding. */
  readonly isFoundSocket: (path: string) => boolean;
  readonly isScanner: (pid: number) => boolean;
  /** Whether a process reads what the scanner prints and was started together with it. */
  readonly isReader: (pid: number) => boolean;
  /** Of a pid at the baseline: whether it was the scanner. */
  readonly wasScanner: (pid: number) => boolean;
}

/** Why a difference is not residue although it is one. Every use is counted and printed in the report. */
export interface NoiseRule {
  readonly id: string;
  /** A sentence for the report. */
  readonly reason: string;
  matches(noise: NoiseCase): boolean;
}

/**
 * Everything that is excused, tried from the top. Rules look at what changed and at evidence, never at a list of paths
 * for convenience: ignore lists lose more truth than noise.
 */
export const noiseRules: readonly NoiseRule[] = [
  {
    id: "harness-keeps",
    reason:
      "The run directory (history, logs, verdict) and the watcher's own output are kept on purpose until you remove them.",
    matches: ({ difference, attribution, context }) =>
      difference.surface === "files" &&
      difference.change !== "vanished" &&
      ((attribution.to === "harness" &&
        // That the harness wrote it does not say that it means to keep it.
        (!isRecorded(attribution) || attribution.evidence.some(({ kind }) => kind === "path" || kind === "holder")) &&
        (context.harnessFiles === undefined || isPlain(difference, context.harnessPaths))) ||
        (difference.change === "appeared" && leadsTo(difference.key, context.harnessPaths))),
  },
  {
    id: "harness-process",
    reason: "Held by the harness's own process, which ends with this run; the kernel closes it then.",
    matches: ({ difference, isScanner }) =>
      difference.surface === "sockets" && ownersOf(difference).length > 0 && ownersOf(difference).every(isScanner),
  },
  {
    id: "reads-the-report",
    reason:
      "Started together with the scanner, by the same process in the same session, and reads through a pipe what it prints; it ends with that.",
    matches: ({ difference, attribution, isReader }) =>
      difference.surface === "processes" &&
      difference.change === "appeared" &&
      attribution.to === "unknown" &&
      difference.after !== null &&
      isReader(difference.after.pid),
  },
  {
    id: "run-cgroup",
    reason:
      "The cgroup that the watcher made for this run, empty or with what is reported in it; the watcher removes it next.",
    matches: ({ difference, cgroupPrefixes }) =>
      difference.surface === "cgroups" && difference.change === "appeared" && cgroupPrefixes.includes(difference.key),
  },
  {
    id: "directory-times",
    reason:
      "An entry of the directory came and went: its times, size or link count moved, its owner, mode and attributes did not.",
    matches: ({ difference, attribution }) => {
      const after = fileAfter(difference);
      return (
        after?.kind === "directory" &&
        // Programs that change a spool tell its daemon by setting the directory's times to now, as crontab(1) does.
        (!isSeenOfRun(attribution) || isStampedAtOnce(after)) &&
        changedOnly(difference, ["mtime", "ctime", "size", "nlink"])
      );
    },
  },
  {
    id: "device-times",
    reason: "A device or pipe was used: its times moved, its owner, mode and number did not.",
    matches: ({ difference, attribution }) => {
      const kind = fileAfter(difference)?.kind;
      const isPassage = kind === "character device" || kind === "fifo";
      return isPassage && !isSeenOfRun(attribution) && changedOnly(difference, ["mtime", "ctime"]);
    },
  },
  {
    id: "login-records",
    reason:
      "Login accounting (utmp(5)) is written by every login of anybody: whole records came or changed, none went; owner and mode are the same.",
    matches: ({ difference, attribution }) => {
      const name = /^\/(?:var\/)?(?:run|log)\/(utmp|wtmp|btmp|lastlog)$/.exec(difference.key)?.[1];
      if (name === undefined || difference.surface !== "files" || difference.change !== "changed") return false;
      const grownBytes = grownBy(difference);
      // The two logs only ever get longer; the two tables have a record for each terminal or user.
      const isKept = name === "wtmp" || name === "btmp" ? grownBytes > 0 : grownBytes >= 0;
      return (
        isKept &&
        (difference.after?.size ?? 1) % recordBytes(name) === 0 &&
        !isOfRun(attribution.to) &&
        changedOnly(difference, ["mtime", "ctime", "size"])
      );
    },
  },
  {
    id: "others-file-grew",
    reason:
      "A file of another user, which this user may not write, grew or was written in place; only root sees who has it open.",
    matches: ({ difference, watcherUid }) => {
      if (watcherUid === 0 || difference.surface !== "files" || difference.after?.kind !== "file") return false;
      const { before, after } = difference;
      const isWritable = after.uid === watcherUid || (after.permissions & 0o022) !== 0;
      return !isWritable && after.size >= (before?.size ?? 0) && changedOnly(difference, ["mtime", "ctime", "size"]);
    },
  },
  {
    id: "others-entry",
    reason:
      "Another user's file came to, or went from, a directory in which this user cannot do that, and nothing names the run; only with the rights of others (sudo, a set-id program) could the run have done it.",
    matches: ({ difference, attribution, context, watcherUid, directory }) => {
      if (watcherUid === 0 || difference.surface !== "files" || attribution.to !== "unknown") return false;
      const fact = difference.after ?? difference.before;
      if (difference.change === "changed" || fact === null || !isOthers(fact, watcherUid)) return false;
      const holder = directory();
      // In this user's own directory it is likelier the run's, with a helper, than somebody else's.
      if (holder === null || holder.uid === watcherUid) return false;
      const isClosed = (holder.permissions & 0o022) === 0;
      if (difference.change === "vanished") return isClosed || (holder.permissions & 0o1000) !== 0;
      // Whoever may write to two directories may move or link another's file from one to the other: that is no new one.
      const bornMs = Number(fact.bornNs / 1_000_000n);
      return (
        isClosed || (bornMs >= context.windowFromMs - stampLagMs && (fact.kind === "directory" || fact.links === 1))
      );
    },
  },
  {
    id: "kernel-thread",
    reason: "The kernel starts and ends its own threads as it needs them (PF_KTHREAD is set).",
    matches: ({ difference }) =>
      // What is set of one that was there before (its niceness, its cgroup) is somebody's doing.
      difference.surface === "processes" && difference.change !== "changed" && difference.after?.kernelThread === true,
  },
  {
    id: "waits-for-init",
    reason: "A process that has ended (state Z); it vanishes when process 1, its parent, collects its exit status.",
    matches: ({ difference, attribution }) =>
      difference.surface === "processes" &&
      difference.after?.state === "Z" &&
      difference.after.parent === 1 &&
      // The run's own are waited for while the host settles; one that nobody collects by then was left.
      !isOfRun(attribution.to),
  },
  {
    id: "ended",
    reason:
      "A process that ended, its emptied control group, a key of the kernel's that went with it or expired, what it alone kept open or alive, or a socket that was closed and served nobody, leaves nothing behind.",
    matches: ({ difference, attribution, wasScanner }) => {
      if (difference.change !== "vanished") return false;
      // What the run was seen to end or to remove did not end by itself.
      if (isSeenOfRun(attribution)) return false;
      if (isListed(difference) && (difference.before?.holders ?? []).length > 0) return true;
      // A service manager makes and removes control groups with the processes in them.
      if (["processes", "cgroups", "keys"].includes(difference.surface)) return true;
      if (difference.surface !== "sockets" || difference.before === null) return false;
      const owners = difference.before.owners ?? [];
      return !isService(difference.before) || (owners.length > 0 && owners.every(wasScanner));
    },
  },
  {
    id: "kernel-counter",
    reason: "A number that the kernel counts by itself, and that nobody sets, moved.",
    matches: ({ difference }) =>
      isListed(difference) && difference.change === "changed" && difference.after?.isCounter === true,
  },
  {
    id: "closing-connection",
    reason:
      "No process holds this TCP connection any more; the kernel keeps it for about a minute (TIME_WAIT and kin) and then drops it.",
    matches: ({ difference }) =>
      difference.surface === "sockets" &&
      difference.after?.inodes.length === 0 &&
      difference.after.remote !== null &&
      closingStates.has(difference.after.state),
  },
  {
    id: "told-with-process",
    reason: "An unnamed or connected socket of a process that is itself reported; it ends with the process.",
    matches: ({ difference, isFoundProcess }) =>
      difference.surface === "sockets" &&
      (["connected", "open"].includes(difference.after?.state ?? "") || difference.after?.local === "") &&
      ownersOf(difference).length > 0 &&
      ownersOf(difference).every(isFoundProcess),
  },
  {
    id: "kept-by-process",
    reason:
      "Kept by nothing but processes that are themselves reported, or by the harness's own; it goes when they end.",
    matches: ({ difference, isFoundProcess, isScanner }) => {
      const holders = isListed(difference) ? (difference.after?.holders ?? []) : [];
      return holders.length > 0 && holders.every((pid) => isFoundProcess(pid) || isScanner(pid));
    },
  },
  {
    id: "told-with-crontab",
    reason: "The file of a crontab line that is itself reported.",
    matches: ({ difference, isFoundCrontab }) =>
      difference.surface === "files" &&
      isFoundCrontab(difference.key) &&
      (difference.change === "appeared" || changedOnly(difference, ["mtime", "ctime", "btime", "ino", "size"])),
  },
  {
    id: "told-with-line",
    reason: "The file of a line that is itself reported.",
    matches: ({ difference, isFoundLine }) =>
      difference.surface === "files" &&
      isFoundLine(difference.key) &&
      (difference.change === "appeared" || changedOnly(difference, ["mtime", "ctime", "btime", "ino", "size"])),
  },
  {
    id: "told-with-socket",
    reason: "The file of a listening socket that is itself reported.",
    matches: ({ difference, isFoundSocket }) =>
      difference.surface === "files" &&
      difference.change === "appeared" &&
      difference.after?.kind === "socket" &&
      isFoundSocket(difference.key),
  },
  {
    id: "foreign-process",
    reason: "Evidence shows that somebody else's process did it; see the examples for whose.",
    matches: ({ difference, attribution }) =>
      attribution.to === "background" &&
      (difference.change !== "changed" ||
        // Of all that can be set of a process, who did is seen of what is written to files alone, whoever it is.
        (isRecorded(attribution) && (difference.surface !== "processes" || isSetByFiles(difference))) ||
        difference.surface === "sockets" ||
        // Whoever holds a log open only to append to it need not be the one who emptied it.
        (grownBy(difference) >= 0 && changedOnly(difference, ["mtime", "ctime", "size"]))),
  },
];

/** Whether the run was seen to do it, which is more than that it lies in a place of the run's. */
function isSeenOfRun(attribution: Attribution): boolean {
  return isOfRun(attribution.to) && isRecorded(attribution);
}

/** Whether its times are those that an entry gives it which comes or goes: both of one moment. A forged one is not. */
function isStampedAtOnce({ modifiedNs, changedNs }: FileFact): boolean {
  const apartNs = modifiedNs > changedNs ? modifiedNs - changedNs : changedNs - modifiedNs;
  return apartNs <= BigInt(stampLagMs) * 1_000_000n;
}

/** Whether it was seen while it happened. */
function isRecorded({ evidence }: Attribution): boolean {
  return evidence.some(({ kind }) => kind === "recorder" || kind === "request");
}

/** First of the numbers that users may be given for their own user namespaces (SUB_UID_MIN, login.defs(5)). */
const subordinateUidMin = 100_000;

/** Whether a user without rights of others cannot have made it: devices and set-id files are never anybody's noise. */
function isOthers({ kind, uid, permissions }: FileFact, watcherUid: number): boolean {
  const isPlainKind = kind !== "character device" && kind !== "block device";
  const isSetId = kind !== "directory" && (permissions & 0o6000) !== 0;
  return isPlainKind && !isSetId && uid !== watcherUid && uid < subordinateUidMin;
}

const closingStates = new Set(["time-wait", "fin-wait-1", "fin-wait-2", "closing", "last-ack", "syn-received"]);

/** First port that Linux gives to sockets that ask for none (ip_local_port_range, ip(7)). */
const ephemeralPortMin = 32_768;

/** Whether others reach a service of this host by this socket, which whoever ended it took from them. */
function isService({ protocol, local, state, remote }: SocketFact): boolean {
  if (protocol.startsWith("unix")) return state === "listening" && local.startsWith("/");
  if (protocol.startsWith("tcp")) return state === "listening";
  // A datagram socket does not tell whether it serves; those that only ask get a port from the kernel.
  const port = Number(local.slice(local.lastIndexOf(":") + 1));
  return protocol.startsWith("udp") && state === "bound" && remote === null && port < ephemeralPortMin;
}

function fileAfter(difference: Difference): FileDifference["after"] {
  return difference.surface === "files" ? difference.after : null;
}

function ownersOf(difference: Difference): readonly number[] {
  return difference.surface === "sockets" ? (difference.after?.owners ?? []) : [];
}

function changedOnly(difference: Difference, names: readonly string[]): boolean {
  return difference.change === "changed" && difference.changed.every((name) => names.includes(name));
}

/** In bytes; negative for a file that was cut. */
function grownBy(difference: Difference): number {
  if (difference.surface !== "files") return 0;
  return (difference.after?.size ?? 0) - (difference.before?.size ?? 0);
}

/** sizeof(struct utmp) and sizeof(struct lastlog) of glibc. */
function recordBytes(name: string): number {
  return name === "lastlog" ? 292 : 384;
}
