import type { Touch, TouchKind } from "./recording.ts";

/** Pids of those who watch a file (inotify(7)): nobody is told of what lies deeper than in a directory that he watches. */
export interface FileWatchers {
  /** Who is told of what is done to it, by watching it or the directory in which it lies. */
  readonly itself: readonly number[];
  /** Of a directory, who is told of what is done to the names in it; absent of what is none. */
  readonly within?: readonly number[];
  /** By pid, of what alone some of them are told; the others are told of everything. */
  readonly onlyOfItself?: ReadonlyMap<number, readonly TouchKind[]>;
  readonly onlyWithin?: ReadonlyMap<number, readonly TouchKind[]>;
}

/** What a closer look at a differing file on the spot adds to its attributes. */
export interface FileInspection {
  /** SHA-256 of the content of a regular file. Of the baseline's content nothing is known. */
  readonly digest: string | null;
  /** Why the content was not read; null when it was, or when there is none. */
  readonly unread: string | null;
  readonly linkTarget: string | null;
  /** As `FileFact.xattrs`; null where they cannot be asked for. */
  readonly xattrs: readonly string[] | null;
  /** Those of the run's names that stand in it. */
  readonly bears: readonly string[];
  /** Pids that have it open for writing, or mapped into their memory so that they write to it. */
  readonly writers: readonly number[];
  /** Of a named pipe: pids that have it open for reading. */
  readonly readers?: readonly number[];
  /** Absent where nobody watches it. */
  readonly watchers?: FileWatchers;
  /** Who touched it during the recording, the first first; absent where nothing was recorded. */
  readonly touches?: readonly Touch[];
}

/** By path, one character a byte. Empty for snapshots that were not taken just now. */
export type Inspections = ReadonlyMap<string, FileInspection>;
