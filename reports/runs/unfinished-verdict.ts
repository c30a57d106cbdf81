import { ExitCode } from "../../foundation/exit-codes.ts";
import type { HistoryData, HistoryRecord } from "../../protocol/history.ts";
import type { Expectation, PhaseTime, RunVerdict } from "../../protocol/verdict.ts";
import { historyEnd } from "../figures/history-span.ts";

/**
 * What can be said of a run that left a history and no verdict, because the harness was killed or is still at it:
 * unknown, with whatever had been judged before. Undefined where even the run's beginning is missing.
 *
 * @param why the sentence that says why there is no verdict
 */
export function unfinishedVerdict(history: readonly HistoryRecord[], why: string): RunVerdict | undefined {
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
    cleanUp: {
      result: "fail",
      notUndone: [
        {
          what: "whatever the run had set up",
          why: "nothing says that it was undone",
          finishWith: "npx scenarios heal",
        },
      ],
    },
    interrupted: false,
    error: why,
    phases: finishedPhases(history),
    exitCode: ExitCode.unknown,
    reproduce: `npx scenarios run ${scenario} --seed ${seed}`,
  };
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
