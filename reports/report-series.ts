import { createReporter, type ReporterName } from "./create-reporter.ts";
import { jsonReport } from "./json.ts";
import { type JunitSuite, junitDocument, junitSuite } from "./junit.ts";
import type { EndedRun, Reporter, ReporterOutput } from "./reporter.ts";

/** Where several runs are told of. */
export interface SeriesOutput extends ReporterOutput {
  /** Puts a text in the place of all that was written; missing where that cannot be done (a terminal, a pipe). */
  readonly rewrite?: (text: string) => void;
}

/** Reports the runs of one command, one after the other, to one place. */
export interface ReportSeries {
  /** The reporter of the next run. */
  next(): Reporter;
  /** Called once, after the last run, however that ended. */
  close(): void;
}

/** @param runs how many there are to be; an interruption may leave some out */
export function reportSeries(name: ReporterName, output: SeriesOutput, runs: number): ReportSeries {
  if (name === "junit") return junitSeries(output);
  // One run is told of as `reports show` does.
  const next = name === "json" && runs > 1 ? () => jsonLineReporter(output) : () => createReporter(name, output);
  return { next, close: () => undefined };
}

/** One document for all. In a file it is whole after each run, so that a crash in a later one takes nothing along. */
function junitSeries(output: SeriesOutput): ReportSeries {
  const suites: JunitSuite[] = [];
  return {
    next: () =>
      atEnd((run) => {
        suites.push(junitSuite(run));
        output.rewrite?.(junitDocument(suites));
      }),
    close() {
      if (output.rewrite === undefined && suites.length > 0) output.write(junitDocument(suites));
    },
  };
}

/** JSON Lines: the document of `jsonReporter` on a line of its own for each run, as soon as that is over. */
function jsonLineReporter(output: ReporterOutput): Reporter {
  return atEnd((run) => output.write(`${JSON.stringify(jsonReport(run))}\n`));
}

function atEnd(end: (run: EndedRun) => void): Reporter {
  return { record: () => undefined, end, close: () => undefined };
}
