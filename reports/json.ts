import type { Outcome } from "../protocol/suite.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import { missingRecords } from "./figures/lost-evidence.ts";
import { overhead, type Overhead } from "./figures/overhead.ts";
import { runFigures, type RunFigures } from "./figures/run-figures.ts";
import type { EndedRun, Reporter, ReporterOutput, RunPlace } from "./reporter.ts";

/** The shape of `--format json`. Fields are added only; `version` grows when one changes its meaning or goes. */
export interface JsonReport {
  readonly version: 1;
  /** As `verdict.json` has it: `protocol/verdict.ts`, with the whole residue report. */
  readonly verdict: RunVerdict;
  /** Derived from the history. Durations in ms; `fromMs` and `toMs` since the run began. */
  readonly figures: RunFigures;
  /** What the runner itself cost, beside the steps and the looks at the host. */
  readonly overhead: Overhead;
  /** What of the history could not be read, one sentence each; the figures leave it out. */
  readonly lostEvidence: readonly string[];
  readonly runDirectory: string;
  /** Only where a command has several runs or attempts: which one this is, and what its entry has come to by now. */
  readonly place?: RunPlace & { readonly outcome: Outcome };
}

/** For programs: one JSON document, when the run is over. */
export function jsonReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(`${JSON.stringify(jsonReport(run), null, 2)}\n`),
    close: () => undefined,
  };
}

export function jsonReport({ verdict, history, runDirectory, lostEvidence = [] }: EndedRun): JsonReport {
  return {
    version: 1,
    verdict,
    figures: runFigures(history),
    overhead: overhead(history, verdict.phases, verdict.endedAt - verdict.startedAt),
    lostEvidence: [...lostEvidence, ...missingRecords(history)],
    runDirectory,
  };
}
