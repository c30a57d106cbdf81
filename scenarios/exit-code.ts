import { ExitCode } from "../foundation/exit-codes.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import { exitCodeForVerdict } from "../residue-scanner/scanner.ts";

/**
 * What a run's three verdicts come to (README.md, "Exit codes"). What needs the user's hand comes first: a
 * host that is not as it was, then a broken expectation, then what could not be told.
 */
export function exitCodeOf(verdict: Pick<RunVerdict, "lifecycle" | "residue" | "cleanUp" | "interrupted">): ExitCode {
  if (verdict.cleanUp.result === "fail") return ExitCode.notUndone;
  if (verdict.interrupted) return ExitCode.interrupted;
  const { lifecycle, residue } = verdict;
  const residueCode = residue === null ? ExitCode.unknown : exitCodeForVerdict(residue.verdict, residue.policy);
  if (lifecycle === "fail" || residueCode === ExitCode.fail) return ExitCode.fail;
  return lifecycle === "unknown" ? ExitCode.unknown : residueCode;
}
