import * as z from "zod";

/** What a job can take too much of (WC-12). */
export const jobLimits = ["workspace", "file-size", "memory", "processes", "cpu-time"] as const;

/** The limit that ended a job, or that it failed at, with a sentence without a full stop that names the job. */
export const ExceededLimit = z.strictObject({ limit: z.enum(jobLimits), detail: z.string().min(1).max(500) });
export type ExceededLimit = z.infer<typeof ExceededLimit>;

/**
 * Why a job's first process ended: by itself, by a signal, or because the job took more of its host than it may. The
 * exit code of the last is null where a signal ended it.
 */
export const ExitReason = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("itself"), exitCode: z.int() }),
  z.strictObject({ by: z.literal("signal"), signal: z.string().min(1).max(40) }),
  ExceededLimit.extend({ by: z.literal("limit"), exitCode: z.int().nullable() }),
]);
export type ExitReason = z.infer<typeof ExitReason>;

/**
 * Puts together what was seen of a process that ended. A limit is the better answer: the signal that a job was ended
 * with says nothing of it.
 */
export function exitReasonOf({
  exitCode,
  signal,
  exceeded,
}: {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly exceeded: ExceededLimit | null;
}): ExitReason {
  if (exceeded !== null) return { by: "limit", ...exceeded, exitCode };
  return exitCode === null ? { by: "signal", signal: signal ?? "an unknown signal" } : { by: "itself", exitCode };
}

/** The process's own exit code; null where there is none. */
export function exitCodeOf(reason: ExitReason): number | null {
  return reason.by === "signal" ? null : reason.exitCode;
}

/** In words without a full stop; «exit code 0» alone says that all went well. */
export function exitInWords(reason: ExitReason): string {
  if (reason.by === "limit") return reason.detail;
  return reason.by === "itself" ? `exit code ${reason.exitCode}` : `ended by ${reason.signal}`;
}
