import { ExitCode } from "../../foundation/exit-codes.ts";
import type { Outcome } from "../../protocol/suite.ts";

/** The worst ending of several, worst first; whatever is not named here is worse than all. */
const severity: readonly number[] = [
  ExitCode.harnessBug,
  ExitCode.notUndone,
  ExitCode.interrupted,
  ExitCode.fail,
  ExitCode.usage,
  ExitCode.unknown,
  ExitCode.pass,
];

/**
 * @param failOnFlaky whether a flaky entry is a failed one
 * @param isPart whether it is one shard's: that of all shards together is what counts
 */
export function suiteExitCode(
  outcomes: readonly Outcome[],
  { failOnFlaky = false, isPart = false }: { readonly failOnFlaky?: boolean; readonly isPart?: boolean } = {},
): number {
  // Who hoped for a run and got none is not told that all is well.
  if (!isPart && outcomes.length > 0 && outcomes.every((outcome) => outcome === "skipped")) return ExitCode.unknown;
  const codes = outcomes.map((outcome) => (outcome === "flaky" && failOnFlaky ? ExitCode.fail : exitCodes[outcome]));
  return worstExitCode(codes);
}

export function worstExitCode(codes: readonly number[]): number {
  let worst: number = ExitCode.pass;
  for (const code of codes) if (severity.indexOf(code) < severity.indexOf(worst)) worst = code;
  return worst;
}

/** Of what was not run nobody can tell; why it was not may be worse, and is another entry's to say. */
const exitCodes: Readonly<Record<Outcome, number>> = {
  passed: ExitCode.pass,
  flaky: ExitCode.pass,
  // What this machine cannot run says nothing about the others.
  skipped: ExitCode.pass,
  "not-run": ExitCode.unknown,
  failed: ExitCode.fail,
  unknown: ExitCode.unknown,
  refused: ExitCode.usage,
  interrupted: ExitCode.interrupted,
  "not-undone": ExitCode.notUndone,
  "harness-bug": ExitCode.harnessBug,
};
