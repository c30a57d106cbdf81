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
];

/** Whether its times are those that an entry gives it which comes or goes: both of one moment. A forged one is not. */
function isStampedAtOnce({ modifiedNs, changedNs }: FileFact): boolean {
  const apartNs = modifiedNs > changedNs ? modifiedNs - changedNs : changedNs - modifiedNs;
  return apartNs <= BigInt(stampLagMs) * 1_000_000n;
}

/** sizeof(struct utmp) and sizeof(struct lastlog) of glibc. */
function recordBytes(name: string): number {
  return name === "lastlog" ? 292 : 384;
}
