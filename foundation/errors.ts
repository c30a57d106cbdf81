import { ExitCode } from "./exit-codes.ts";

export interface ErrorDetails {
  /** Stable, machine-readable, kebab-case: `port-in-use`. */
  readonly code: string;
  /** Whether the same call may succeed later without a change by the user. */
  readonly retriable?: boolean;
  /** One sentence that tells the user what to do next. */
  readonly next: string;
  readonly cause?: unknown;
}

/**
 * The root of every error that a caller can observe and act on. One subclass per boundary; what distinguishes the
 * errors of a boundary is their `code`.
 */
export class HouseguestError extends Error {
  override readonly name: string = "HouseguestError";
  readonly code: string;
  readonly retriable: boolean;
  readonly next: string;
  readonly exitCode: ExitCode = ExitCode.fail;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.retriable = details.retriable ?? false;
    this.next = details.next;
  }
}

/** The command line, the configuration or this machine does not allow what was asked; nothing was done (exit 64). */
export class UsageError extends HouseguestError {
  override readonly name = "UsageError";
  override readonly exitCode = ExitCode.usage;
}

/** A program was asked to stop by the user or by a signal; what it had done was undone (exit 130). */
export class InterruptedError extends HouseguestError {
  override readonly name = "InterruptedError";
  override readonly exitCode = ExitCode.interrupted;
}

/** The `code` of a Node system error (`ENOENT`, `EACCES` …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
