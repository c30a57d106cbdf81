import { ExitCode } from "../../foundation/exit-codes.ts";
import type { HistoryData, HistoryRecord } from "../../protocol/history.ts";
import type { Aftermath } from "../../protocol/aftermath.ts";
import type { Expectation, PhaseTime, RunVerdict } from "../../protocol/verdict.ts";
import { historyEnd } from "../figures/history-span.ts";
import { aftermathSentence } from "./read-aftermath.ts";

/**
 * What can be said of a run that left a history and no verdict, because the harness was killed or is still at it:
 * unknown, with whatever had been judged before. Undefined where even the run's beginning is missing.
 *
 * @param why the sentence that says why there is no verdict
 * @param aftermath what was undone since; null where nothing says so
 */
export function unfinishedVerdict(
  history: readonly HistoryRecord[],
  why: string,
  aftermath: Aftermath | null = null,
): RunVerdict | undefined {
  const started = history.find((record) => record.type === "run.started");
  if (started === undefined) return undefined;
  const { run, scenario, seed, options } = started.data;
  return {
    version: 1,
    run,
    scenario,
    stage: options["stage"] === "sim" ? "sim" : "host",
    seed,
    startedAt: started.at,
    endedAt: historyEnd(history),
    user: typeof options["user"] === "string" ? options["user"] : "unknown user",
    options,
    lifecycle: "unknown",
    expectations: judged(history),
    residue: null,
    cleanUp: aftermath === null ? untold : cleanedUp(aftermath),
    interrupted: false,
    error: aftermath === null ? why : `${why} ${aftermathSentence(aftermath)}`,
    phases: finishedPhases(history),
    exitCode: (aftermath?.notUndone.length ?? 0) > 0 ? ExitCode.notUndone : ExitCode.unknown,
    reproduce: `npx scenarios run ${scenario} --seed ${seed}`,
  };
}

const untold: RunVerdict["cleanUp"] = {
  result: "fail",
  notUndone: [
    {
      what: "whatever the run had set up",
      why: "nothing says that it was undone",
      finishWith: "npx scenarios heal",
    },
  ],
};

function cleanedUp({ notUndone }: Aftermath): RunVerdict["cleanUp"] {
  return { result: notUndone.length === 0 ? "pass" : "fail", notUndone };
}

function judged(history: readonly HistoryRecord[]): Expectation[] {
  return history.flatMap((record) => (record.type === "expectation" ? [record.data] : []));
}

function finishedPhases(history: readonly HistoryRecord[]): PhaseTime[] {
  const begun = new Map<string, number>();
  const phases: PhaseTime[] = [];
  const edge = (at: number, { phase, edge }: HistoryData<"run.phase">) => {
    const since = begun.get(phase);
    if (edge === "begin") begun.set(phase, at);
    else if (since !== undefined) phases.push({ phase, ms: Math.max(0, at - since) });
  };
  for (const record of history) if (record.type === "run.phase") edge(record.at, record.data);
  return phases;
}
