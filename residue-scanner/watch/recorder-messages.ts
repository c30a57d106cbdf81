import type { Act, LineWriters, RecordedProcess, RecorderSource, Touch, TouchKind } from "../core/recording.ts";

/** What can be asked for when a recorder is started. */
export interface RecorderOptions {
  /** Room that is asked for waiting process events, in bytes. */
  readonly processRoomBytes?: number;
  /** Whether what happens is told as it happens (`Recorder.news`). */
  readonly live?: boolean;
  /** The most touches that are kept. */
  readonly touchesMax?: number;
  /** How often it is kept of the run, and of others, that one made a file and another took it away. Default 50,000. */
  readonly takingsMax?: number;
  /** Room for waiting events of system calls, for each processor, in KiB. */
  readonly callRoomKilobytes?: number;
  /** Room for waiting notifications of the network, in bytes. */
  readonly networkRoomBytes?: number;
  /** For tests: the kernel's usual bound on waiting file events, which a burst exceeds. */
  readonly limitedQueue?: boolean;
  /** For tests: files whose lines are followed, in place of the host's. */
  readonly lineFiles?: readonly string[];
  /** For tests: how many lines that came or went are kept. */
  readonly linesMax?: number;
  /** For tests: events wait in the kernel until somebody asks. */
  readonly asleep?: boolean;
}

/** Words of the memory that both threads see. */
export const signalWord = {
  /** How many answers were given. */
  answers: 0,
  /** An eventfd(2) that wakes the recorder's thread; 0 before there is one. */
  wakeDescriptor: 1,
} as const;
export const signalWords = 2;

/** A question, and the number under which it is answered. */
export interface RecorderLetter<T extends RecorderQuestion | RecorderAnswer> {
  readonly id: number;
  readonly content: T;
}

export type RecorderQuestion =
  /** Everything that happened until now is taken in before any of these is answered. */
  | { readonly kind: "recording" }
  | { readonly kind: "touches"; readonly paths: readonly string[] }
  | { readonly kind: "programs" }
  | { readonly kind: "changed" }
  | { readonly kind: "news" }
  | { readonly kind: "holders"; readonly of: readonly { readonly pid: number; readonly atMs: number }[] }
  /** The last; the thread keeps what it knows, and answers on. */
  | { readonly kind: "stop" }
  | { readonly kind: "close" };

/** What one process did to one name, as it happened. */
export interface WatchedTouch {
  /** One character a byte; null where the directory is gone, nothing tells where it was, and only `name` is known. */
  readonly path: string | null;
  readonly name: string;
  readonly kinds: readonly TouchKind[];
  /** `serial` of the process. */
  readonly by: number;
  readonly atMs: number;
}

export interface RecorderNews {
  readonly touches: readonly WatchedTouch[];
  /** Those who did it, and those from whom they come, by serial. */
  readonly processes: ReadonlyMap<number, RecordedProcess>;
  /** How many touches are left out because nobody asked for so long. */
  readonly missed: number;
}

export interface RecordingAnswer {
  readonly kind: "recording";
  readonly sources: readonly RecorderSource[];
  readonly processes: ReadonlyMap<number, RecordedProcess>;
  readonly acts: readonly Act[];
  readonly lines: ReadonlyMap<string, LineWriters>;
  readonly seesFiles: boolean;
  readonly seesSettings: boolean;
  readonly seesOrders: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

export type RecorderAnswer =
  | { readonly kind: "ready" }
  | RecordingAnswer
  | { readonly kind: "touches"; readonly touches: ReadonlyMap<string, readonly Touch[]> }
  | { readonly kind: "programs"; readonly paths: readonly string[] }
  | { readonly kind: "changed"; readonly directories: readonly string[] }
  | { readonly kind: "holders"; readonly serials: readonly (number | null)[] }
  | ({ readonly kind: "news" } & RecorderNews)
  /** The recorder's thread cannot go on. */
  | { readonly kind: "failed"; readonly message: string };
