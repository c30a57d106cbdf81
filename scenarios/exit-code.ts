import { ExitCode } from "../foundation/exit-codes.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import { exitCodeForVerdict } from "../residue-scanner/scanner.ts";

/**
 * What a run's three verdicts come to (README.md, "Exit codes"). What needs the user's hand comes first: a
 * host that is not as it was, then a broken expectation, then what could not be told.
 */
export function exitCodeOf(
  verdict: Pick<RunVerdict, "lifecycle" | "residue" | "cleanUp" | "interrupted" | "stage">,
): ExitCode {
  if (verdict.cleanUp.result === "fail") return ExitCode.notUndone;
  if (verdict.interrupted) return ExitCode.interrupted;
  const { lifecycle, residue, stage } = verdict;
  // In virtual time nothing of this host is touched; what a modelled one holds is an expectation like any other.
  const unread = stage === "sim" ? ExitCode.pass : ExitCode.unknown;
  const residueCode = residue === null ? unread : exitCodeForVerdict(residue.verdict, residue.policy);
  if (lifecycle === "fail" || residueCode === ExitCode.fail) return ExitCode.fail;
  return lifecycle === "unknown" ? ExitCode.unknown : residueCode;
}
