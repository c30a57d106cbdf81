import type { RecordedProcess, RecorderSource, Touch } from "../core/recording.ts";

/** What can be asked for when a recorder is started. */
export interface RecorderOptions {
  /** Room that is asked for waiting process events, in bytes. */
  readonly processRoomBytes?: number;
  /** The most touches that are kept. */
  readonly touchesMax?: number;
  /** For tests: the kernel's usual bound on waiting file events, which a burst exceeds. */
  readonly limitedQueue?: boolean;
}

/** Words of the memory that both threads see. */
export const signalWord = {
  /** How many answers were given. */
  answers: 0,
  /** An eventfd(2) that wakes the recorder's thread; 0 before there is one. */
  wakeDescriptor: 1,
} as const;
export const signalWords = 2;

export type RecorderQuestion =
  /** Everything that happened until now is taken in before any of these is answered. */
  | { readonly kind: "recording" }
  | { readonly kind: "touches"; readonly paths: readonly string[] }
  | { readonly kind: "holders"; readonly of: readonly { readonly pid: number; readonly atMs: number }[] }
  /** The last; the thread keeps what it knows, and answers on. */
  | { readonly kind: "stop" }
  | { readonly kind: "close" };

export interface RecordingAnswer {
  readonly kind: "recording";
  readonly sources: readonly RecorderSource[];
  readonly processes: ReadonlyMap<number, RecordedProcess>;
  readonly fromMs: number;
  readonly toMs: number;
}

export type RecorderAnswer =
  | { readonly kind: "ready" }
  | RecordingAnswer
  | { readonly kind: "touches"; readonly touches: ReadonlyMap<string, readonly Touch[]> }
  | { readonly kind: "holders"; readonly serials: readonly (number | null)[] }
  /** The recorder's thread cannot go on. */
  | { readonly kind: "failed"; readonly message: string };
