import type { AttributionContext } from "./attribution-context.ts";
import { isOfRun } from "./combined-roles.ts";
import type { Difference, FileDifference } from "./difference.ts";
import type { ProcessFact } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import type { Attribution } from "./process-attribution.ts";

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
  /** Whether a file (one character a byte) was changed for which the rights of another user are needed, by nobody known. */
  readonly isOfOthersFile: (file: string) => boolean;
  /** Whether a process with this pid is itself a finding. */
  readonly isFoundProcess: (pid: number) => boolean;
  /** Whether a crontab line of this file (one character a byte) is itself a finding. */
  readonly isFoundCrontab: (file: string) => boolean;
  /** Whether a line of this configuration file (one character a byte) is itself a finding, one that is gone too. */
  readonly isFoundLine: (file: string) => boolean;
  /** Whether a socket bound to this path is itself a finding. */
  readonly isFoundSocket: (path: string) => boolean;
  /** Whether a namespace, `net:[4026532000]`, came or went itself, as its contents did. */
  readonly isOfNamespace: (name: string, change: Difference["change"]) => boolean;
  /** Whether a namespace is itself a finding. */
  readonly isFoundNamespace: (name: string) => boolean;
  /** Whether the recorder shows that nobody of the run can have stopped or continued this process by a call. */
  readonly isLeftAlone: () => boolean;
  /** Whether a process is on a terminal on which nobody of the run is, nor whoever started the scanner. */
  readonly isOnOthersTerminal: (fact: ProcessFact) => boolean;
  /** Whether something that was mounted, or is no more, has this number, `0:57`, or is of this type. */
  readonly isToldDevice: (device: string, change: Difference["change"]) => boolean;
  /**
   * Whether what a setting came or went with is told: a difference of another kind that is a finding, or somebody else's
   * where the setting is not the run's; or another setting of the same device that is a finding.
   */
  readonly isWithDevice: () => boolean;
  /** Whether somebody's writing to settings would have been seen. */
  readonly isWatched: boolean;
  /** Whether whoever moved it, or its use, would have been seen: nothing was lost, and nothing of the kind is out of sight. */
  readonly isMovingSeen: () => boolean;
  /** Whether a service of that name, root's own, ran at both readings. */
  readonly ranThroughout: (name: string) => boolean;
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
  /** Whether its surface is `partial` where it excuses something: it might be the run's all the same. */
  readonly leavesPartial?: true;
  matches(noise: NoiseCase): boolean;
}

/** Whether the run was seen to do it, which is more than that it lies in a place of the run's. */
export function isSeenOfRun(attribution: Attribution): boolean {
  return isOfRun(attribution.to) && isRecorded(attribution);
}

/** Whether it was seen while it happened. */
export function isRecorded({ evidence }: Attribution): boolean {
  return evidence.some(({ kind }) => kind === "recorder" || kind === "request");
}

export function fileAfter(difference: Difference): FileDifference["after"] {
  return difference.surface === "files" ? difference.after : null;
}

export function ownersOf(difference: Difference): readonly number[] {
  return difference.surface === "sockets" ? (difference.after?.owners ?? []) : [];
}

export function changedOnly(difference: Difference, names: readonly string[]): boolean {
  return difference.change === "changed" && difference.changed.every((name) => names.includes(name));
}

/** In bytes; negative for a file that was cut. */
export function grownBy(difference: Difference): number {
  if (difference.surface !== "files") return 0;
  return (difference.after?.size ?? 0) - (difference.before?.size ?? 0);
}
