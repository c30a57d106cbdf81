import { type SarifInvocation, sarifLog } from "../protocol/residue-sarif.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import type { EndedRun, Reporter, ReporterOutput } from "./reporter.ts";
import type { SkippedEntry } from "./suite/skipped-entry.ts";
import { isoTime } from "./text/wall-clock.ts";

/**
 * For views of code scanning: what was left on the host, in SARIF 2.1.0. What agent, broker and jobs did otherwise is in
 * the reporters `junit` and `json`; here a run that broke off is an invocation that did not succeed.
 */
export function sarifReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(sarifDocument([sarifInvocation(run)])),
    close: () => undefined,
  };
}

/** All the runs of one command as one run of the tool: of several by one tool, views of code scanning take none. */
export function sarifDocument(invocations: readonly SarifInvocation[]): string {
  return `${JSON.stringify(sarifLog("houseguest", invocations, {}), null, 2)}\n`;
}

/** What is kept of a run until its document is written. */
export function sarifInvocation({ verdict }: EndedRun): SarifInvocation {
  const { run, scenario, stage, seed, startedAt, endedAt, residue, exitCode, reproduce } = verdict;
  const times = { startedAt: isoTime(startedAt), endedAt: isoTime(endedAt) };
  return {
    ...{ report: residue, isSuccessful: isJudged(verdict), times },
    notifications: notificationsOf(verdict),
    ownNames: [run],
    properties: { run, scenario, stage, seed, exitCode, verdict: residue?.verdict ?? null, reproduce },
  };
}

/** One that this machine cannot run. */
export function sarifSkipped({ scenario, skipped: { why, remedy } }: SkippedEntry): SarifInvocation {
  const notifications = [{ level: "note" as const, text: `${scenario} was not run: ${why} ${remedy}` }];
  return { report: null, isSuccessful: false, notifications, properties: { scenario } };
}

/** Whether it says what was left: in virtual time nothing can be. */
function isJudged({ stage, residue }: RunVerdict): boolean {
  return residue === null ? stage === "sim" : residue.verdict !== "unknown";
}

function notificationsOf({
  stage,
  residue,
  error,
  cleanUp,
}: RunVerdict): NonNullable<SarifInvocation["notifications"]> {
  const unread =
    stage === "sim"
      ? { level: "note" as const, text: "In virtual time no host is touched, so none was read." }
      : { level: "error" as const, text: "The host was not read again, so what stayed behind is unknown." };
  return [
    ...(residue === null ? [unread] : []),
    ...(error === null ? [] : [{ level: "error" as const, text: error }]),
    ...cleanUp.notUndone.map(({ what, why, finishWith }) => ({
      level: "error" as const,
      text: `The harness could not undo ${what}: ${why}; finish with ${finishWith}`,
    })),
  ];
}
