import { ExitCode } from "../../../foundation/exit-codes.ts";

/** What was to become of a bug in a scenario, and what became of it. */
interface PairOutcome {
  readonly expected: "found" | "not-found";
  readonly result: "found" | "not-found" | "undecided" | "skipped";
}

/**
 * What the pairs come to. Without its own scenario nothing is known of a bug, and where all are skipped of none; what is
 * skipped beside those that were played is told and no more.
 *
 * @param outcomes of the pairs that were to be played; empty where there were none
 * @param problems of what is recorded
 */
export function pairsExitCode(outcomes: readonly PairOutcome[], problems: readonly string[]): ExitCode {
  if (problems.length > 0 || outcomes.some(isWrong)) return ExitCode.fail;
  const ownIsMissing = outcomes.some(({ expected, result }) => result === "skipped" && expected === "found");
  const nonePlayed = outcomes.length > 0 && outcomes.every(({ result }) => result === "skipped");
  const isOpen = outcomes.some(({ result }) => result === "undecided");
  return isOpen || ownIsMissing || nonePlayed ? ExitCode.unknown : ExitCode.pass;
}

/** Whether the bug is not exact; of one that is undecided, or was not played, nobody can tell. */
export function isWrong({ result, expected }: PairOutcome): boolean {
  return result !== expected && (result === "found" || result === "not-found");
}
