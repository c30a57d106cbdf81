import { isOfRun } from "./combined-roles.ts";
import type { FileFact } from "./file-fact.ts";
import { changedOnly, fileAfter, grownBy, isSeenOfRun, type NoiseRule } from "./noise-rule.ts";
import { stampLagMs } from "./stamp-lag.ts";

/** What happens to files without leaving anything. */
export const fileNoise: readonly NoiseRule[] = [
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
];

/** Whether its times are those that an entry gives it which comes or goes: both of one moment. A forged one is not. */
function isStampedAtOnce({ modifiedNs, changedNs }: FileFact): boolean {
  const apartNs = modifiedNs > changedNs ? modifiedNs - changedNs : changedNs - modifiedNs;
  return apartNs <= BigInt(stampLagMs) * 1_000_000n;
}

/** First of the numbers that users may be given for their own user namespaces (SUB_UID_MIN, login.defs(5)). */
const subordinateUidMin = 100_000;

/** Whether a user without rights of others cannot have made it: devices and set-id files are never anybody's noise. */
function isOthers({ kind, uid, permissions }: FileFact, watcherUid: number): boolean {
  const isPlainKind = kind !== "character device" && kind !== "block device";
  const isSetId = kind !== "directory" && (permissions & 0o6000) !== 0;
  return isPlainKind && !isSetId && uid !== watcherUid && uid < subordinateUidMin;
}

/** sizeof(struct utmp) and sizeof(struct lastlog) of glibc. */
function recordBytes(name: string): number {
  return name === "lastlog" ? 292 : 384;
}
