import type { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";

/**
 * Says what could not be written, and gives the exit code of a command that ended with `exitCode` otherwise: one that
 * was not told whole is no success, and a failure stays what it is.
 */
export function exitCodeTold(exitCode: number, unwritten: readonly UsageError[]): number {
  for (const { message, next } of unwritten) process.stderr.write(`${message} ${next}\n`);
  return unwritten.length > 0 && exitCode === ExitCode.pass ? ExitCode.usage : exitCode;
}
