import { isOfRun } from "./combined-roles.ts";
import { isListed } from "./difference.ts";
import type { CgroupFact } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import { changedOnly, type NoiseCase, type NoiseRule } from "./noise-rule.ts";
import { stampLagMs } from "./stamp-lag.ts";

/**
 * What an ordinary user's processes have no right to do: what others do on a host that is in use would hide what the run
 * did. Root sees who it was, and none of these concerns its readings.
 */
export const othersNoise: readonly NoiseRule[] = [
  {
    id: "others-file-grew",
    reason:
      "A file of another user, which this user may not write, grew or was written in place, and nothing names the run; only root sees who has it open.",
    matches: ({ difference, attribution, watcherUid }) => {
      if (isOfRun(attribution.to)) return false;
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
    matches: (one) => {
      const { difference, watcherUid } = one;
      if (watcherUid === 0 || difference.surface !== "files" || !isNobodys(one)) return false;
      const fact = difference.after ?? difference.before;
      if (difference.change === "changed" || fact === null || !isOthersFile(fact, watcherUid)) return false;
      return difference.change === "vanished" ? isKeptFromTaking(one) : isKeptFromMaking(one, fact);
    },
  },
  {
    id: "others-file",
    reason:
      "Another user's file, which this user may neither write nor replace, was changed or replaced, and nothing names the run; only with the rights of others (sudo, a set-id program) could the run have done it.",
    leavesPartial: true,
    matches: (one) => isOthersChangedFile(one),
  },
  {
    id: "others-line",
    reason:
      "A line of such a file: another user's, which this user may neither write nor replace, and nothing names the run.",
    leavesPartial: true,
    matches: (one) => {
      const { difference, isOfOthersFile } = one;
      if (difference.surface !== "configuration" || !isNobodys(one)) return false;
      const file = (difference.after ?? difference.before)?.file;
      return file !== undefined && isOfOthersFile(file);
    },
  },
  {
    id: "others-thing",
    reason:
      "Another user's: a socket or an IPC object that was made by one, a control group of one's, what is set of one's process. Nothing names the run; only with the rights of others (sudo, a set-id program) could the run have done it.",
    leavesPartial: true,
    matches: (one) => one.watcherUid !== 0 && isOthersThing(one),
  },
];

/** Whether a file was changed for which another user's rights are needed. */
export function isOthersChangedFile(one: NoiseCase): boolean {
  const { difference, watcherUid } = one;
  if (watcherUid === 0 || difference.surface !== "files" || difference.change !== "changed" || !isNobodys(one)) {
    return false;
  }
  const { before, after, changed } = difference;
  if (before === null || after === null) return false;
  const isClosed = [before, after].every(
    (fact) => isOthersFile(fact, watcherUid) && (isLink(fact) || isClosedTo(fact)),
  );
  // Whoever may link a file to another place changes its count of links.
  if (!isClosed || changed.includes("nlink")) return false;
  return !changed.includes("ino") || (isKeptFromTaking(one) && isKeptFromMaking(one, after));
}

/** In this user's own directory it is likelier the run's, with a helper, than somebody else's. */
function isKeptFromTaking({ directory, watcherUid }: NoiseCase): boolean {
  const holder = directory();
  return holder !== null && holder.uid !== watcherUid && (isClosedTo(holder) || (holder.permissions & 0o1000) !== 0);
}

/** Whoever may write to two directories may move or link another's file from one to the other: that is no new one. */
function isKeptFromMaking({ directory, watcherUid, context }: NoiseCase, fact: FileFact): boolean {
  const holder = directory();
  if (holder === null || holder.uid === watcherUid) return false;
  const bornMs = Number(fact.bornNs / 1_000_000n);
  const isNew = bornMs >= context.windowFromMs - stampLagMs && (fact.kind === "directory" || fact.links === 1);
  return isClosedTo(holder) || isNew;
}

/** Nobody can write to one: it is made anew, and all of them show the same permissions (symlink(7)). */
function isLink({ kind }: FileFact): boolean {
  return kind === "symlink";
}

function isClosedTo({ permissions }: FileFact): boolean {
  return (permissions & 0o022) === 0;
}

function isOthersThing(one: NoiseCase): boolean {
  const { difference, attribution, watcherUid } = one;
  const isOther = (uid: number | null | undefined): boolean => isOtherUid(uid ?? null, watcherUid);
  if (difference.surface === "processes" && difference.change === "changed") {
    const isTheirs = attribution.to === "unknown" || attribution.to === "background";
    return isTheirs && isOther(difference.before?.uid) && isOther(difference.after?.uid);
  }
  if (!isNobodys(one)) return false;
  if (difference.surface === "sockets") {
    return [difference.before, difference.after].every((fact) => fact === null || isOther(fact.uid));
  }
  if (difference.surface === "cgroups") return isOthersGroup(one);
  if (!isListed(difference) || difference.surface !== "ipc") return false;
  // The owner may be given away (msgctl(2)), who made it may not.
  return [difference.before, difference.after].every(
    (fact) => fact === null || (isOther(fact.uid) && isOther(Number(fact.attributes["cuid"] ?? Number.NaN))),
  );
}

/** Whether a control group is one in which this user may do nothing. */
export function isOthersGroup({ difference, watcherUid }: Pick<NoiseCase, "difference" | "watcherUid">): boolean {
  // One that is gone may have been taken by whoever has the group above it.
  if (watcherUid === 0 || difference.surface !== "cgroups" || difference.change === "vanished") return false;
  const { before, after } = difference;
  return [before, after].every((fact) => fact === null || isOtherUid(ownerOf(fact), watcherUid));
}

function ownerOf({ settings }: CgroupFact): number | null {
  const uid = /^\d+/.exec(settings?.["owner"] ?? "")?.[0];
  return uid === undefined ? null : Number(uid);
}

/** First of the numbers that users may be given for their own user namespaces (SUB_UID_MIN, login.defs(5)). */
const subordinateUidMin = 100_000;

function isOtherUid(uid: number | null, watcherUid: number): boolean {
  return uid !== null && uid !== watcherUid && uid < subordinateUidMin;
}

/** Whether a user without rights of others cannot have made it: devices and set-id files are never anybody's noise. */
function isOthersFile({ kind, uid, permissions }: FileFact, watcherUid: number): boolean {
  const isPlainKind = kind !== "character device" && kind !== "block device";
  const isSetId = kind !== "directory" && (permissions & 0o6000) !== 0;
  return isPlainKind && !isSetId && isOtherUid(uid, watcherUid);
}

function isNobodys({ attribution }: NoiseCase): boolean {
  return attribution.to === "unknown";
}
