/**
 * What the recorder saw while a run went on: who touched which file, who asked the kernel for which object, and from whom
 * every process comes. It says whose, never what is left: that is for the comparison of two snapshots.
 */

import type { NamespaceKind } from "./namespace-tracker.ts";

/** A process as the recorder knew it. Pids are reused; `serial` is not. */
export interface RecordedProcess {
  readonly serial: number;
  readonly pid: number;
  /** Serial of the process that forked it; null for one that ran before the recorder, or whose fork was lost. */
  readonly parent: number | null;
  /** Field 22 of /proc/PID/stat, as text; null where it had ended before that could be read. */
  readonly startTime: string | null;
  /** Whether it ran before the recorder listened. */
  readonly isOlder: boolean;
  /** What it ran last; null where it had ended before that could be read. */
  readonly executable: string | null;
  readonly commandLine: string | null;
  /** What it was seen to open to run last, where that is something else: a script, not who interprets it. Without links. */
  readonly opened?: string;
  /** Path below the cgroup v2 root; null where it had ended before that could be read. */
  readonly cgroup: string | null;
  /** Wall time in ms of its fork (or of the first look at it), and of its end; null while it runs. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Whether it crashed, and left a dump of its memory, if only to a program. */
  readonly dumped?: boolean;
}

/** In place of a serial: a process of which nothing is known. */
export const unknownProcess = -3;

export const touchKinds = ["created", "deleted", "moved-from", "moved-to", "attributes", "modified"] as const;
export type TouchKind = (typeof touchKinds)[number];

/** What one process did to one name in one directory. */
export interface Touch {
  /** `serial` of the process. */
  readonly by: number;
  readonly kinds: readonly TouchKind[];
  /** It gave the file another name, or took one away, which changes the count of links and the ctime. */
  readonly isOfLinks?: true;
  /** Wall time in ms. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** That a process asked the kernel for something that is no file: a mount, a key, a queue. */
export interface Act {
  /** `serial` of the process. */
  readonly by: number;
  /** The system call: `mount`, `add_key`, `shmget`. */
  readonly call: string;
  /** Its arguments by name, as text, one character a byte; what could not be read is absent. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What it returned; negative for an error number; null where the return was not seen. */
  readonly returned: number | null;
  readonly atMs: number;
  /** Kinds of namespaces of its own that it was in, as below /proc/PID/ns: what it made there is not the host's. */
  readonly apart?: readonly NamespaceKind[];
  /** Kinds of which it had gone into one that is not known: the host's or somebody else's (setns(2)). */
  readonly entered?: readonly NamespaceKind[];
}

/** The call of an act that is writing to a file below /proc or /sys that nobody can read: which one, the kernel does not tell. */
export const orderCall = "write";

/** Who put a line into a file in which many keep lines of their own, or took it out. */
export interface LineWriters {
  /** Serials of the processes, one of which did. */
  readonly by: readonly number[];
  /** Wall time in ms of the reading that saw it. */
  readonly atMs: number;
}

/** The kernel's file events, its process events, its system calls. */
export const recorderSources = ["files", "processes", "calls"] as const;

/** One of the recorder's sources. */
export interface RecorderSource {
  readonly source: (typeof recorderSources)[number];
  /** `lost`: it ran, and events are missing; `partial`: it ran, and some kinds or places were out of its sight. */
  readonly status: "done" | "partial" | "lost" | "not-permitted" | "off";
  /** Why it is not `done`, in words. */
  readonly detail: string;
  /** Events that it took in. */
  readonly events: number;
}

export interface Recording {
  readonly sources: readonly RecorderSource[];
  /** By serial. */
  readonly processes: ReadonlyMap<number, RecordedProcess>;
  readonly acts: readonly Act[];
  /** By the key of a line's fact. */
  readonly lines?: ReadonlyMap<string, LineWriters>;
  /** Whether every change of files was seen, whatever is known of settings. */
  readonly seesFiles?: boolean;
  /** Whether every writing to what /proc and /sys show was seen. */
  readonly seesSettings?: boolean;
  /** Whether that of files which can only be written to was seen as well, as acts of the call `orderCall`. */
  readonly seesOrders?: boolean;
  /** Wall times in ms. */
  readonly fromMs: number;
  readonly toMs: number;
}
