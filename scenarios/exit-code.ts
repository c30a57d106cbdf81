import { ExitCode } from "../foundation/exit-codes.ts";
import type { RunVerdict } from "../protocol/verdict.ts";

/**
 * What a run's three verdicts come to (DESIGN.md, "Verdicts and exit codes"). What needs the user's hand comes first: a
 * host that is not as it was, then a broken expectation, then what could not be told.
 */
export function exitCodeOf(verdict: Pick<RunVerdict, "lifecycle" | "residue" | "cleanUp" | "interrupted">): ExitCode {
  if (verdict.cleanUp.result === "fail") return ExitCode.notUndone;
  if (verdict.interrupted) return ExitCode.interrupted;
  if (verdict.lifecycle === "fail" || verdict.residue?.verdict === "residue") return ExitCode.fail;
  if (verdict.lifecycle === "unknown" || verdict.residue === null || verdict.residue.verdict === "unknown") {
    return ExitCode.unknown;
  }
  // What this user cannot see is a pass for a developer and an open question everywhere else.
  if (verdict.residue.verdict === "partial" && verdict.residue.policy !== "developer") return ExitCode.unknown;
  return ExitCode.pass;
}
