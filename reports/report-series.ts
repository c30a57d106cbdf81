import { type Outcome, outcomeOf } from "../protocol/suite.ts";
import { createReporter } from "./create-reporter.ts";
import { githubReporter, skippedAnnotation } from "./github.ts";
import { jsonReport } from "./json.ts";
import { type JunitAttempt, junitAttempt, junitDocument, junitSkipped, junitSuite } from "./junit.ts";
import { listReporter } from "./list.ts";
import { ListBoard } from "./live/list-board.ts";
import { type MarkdownEntry, markdownDocument, markdownEntry } from "./markdown/markdown.ts";
import type { TextReporterName } from "./reporter-names.ts";
import type { EndedRun, EndedSuite, Reporter, ReporterOutput, RunPlace } from "./reporter.ts";
import { sarifDocument, sarifInvocation, sarifSkipped } from "./sarif.ts";
import { placeWords } from "./suite/place-words.ts";
import type { SkippedEntry } from "./suite/skipped-entry.ts";
import { isWorthTelling, suiteLines } from "./suite/suite-lines.ts";
import { firstTrouble } from "./summary/trouble.ts";
import { faint, renderLines } from "./text/line.ts";
import { printable } from "./text/printable.ts";

/** Where several runs are told of. */
export interface SeriesOutput extends ReporterOutput {
  /** Puts a text in the place of all that was written; missing where that cannot be done (a terminal, a pipe). */
  readonly rewrite?: (text: string) => void;
}

/** Reports the runs of one command to one place, in the order in which they end. */
export interface ReportSeries {
  /** The reporter of the next run. */
  next(place: RunPlace): Reporter;
  /** Called once, after the last run. Null when the suite itself came to no end. */
  close(suite: EndedSuite | null): void;
}

/** @param summaryFile where the reporter `github` appends its step summary; undefined for nowhere */
export function reportSeries(
  name: TextReporterName,
  output: SeriesOutput,
  summaryFile?: (text: string) => void,
): ReportSeries {
  switch (name) {
    case "line":
      return linesSeries(output, (place) => announced(output, place), { reasons: true });
    case "list": {
      const board = new ListBoard(output);
      // It has said the reasons just before.
      return linesSeries(output, (place) => listReporter(output, several(place) ? place : undefined, board), {
        reasons: false,
      });
    }
    case "json":
      return jsonSeries(output);
    case "junit":
      return documentSeries(output, junitEntry, (kept, skipped) =>
        junitDocument([...kept.map(junitSuiteOf), ...skipped.map(junitSkipped)]),
      );
    case "markdown":
      return documentSeries(output, keptMarkdown, (kept, skipped) => markdownDocument(kept.map(lastOf), skipped));
    case "github":
      return githubSeries(output, summaryFile);
    case "sarif":
      // What an earlier attempt left was left all the same.
      return documentSeries(output, sarifInvocation, (kept, skipped) =>
        sarifDocument([...kept.flatMap(({ attempts }) => attempts), ...skipped.map(sarifSkipped)]),
      );
  }
}

const several = ({ entries, attemptsMax }: RunPlace): boolean => entries > 1 || attemptsMax > 1;

/** As `make` tells each run, and at the end how all of them went. */
function linesSeries(
  output: ReporterOutput,
  make: (place: RunPlace) => Reporter,
  { reasons }: { readonly reasons: boolean },
): ReportSeries {
  const troubles = new Map<number, string>();
  return {
    next(place) {
      const inner = make(place);
      return {
        ...{ record: (record) => inner.record(record), close: () => inner.close() },
        ...(inner.follow === undefined ? {} : { follow: inner.follow }),
        end(run) {
          inner.end(run);
          const trouble = firstTrouble(run.verdict);
          if (reasons && trouble !== undefined) troubles.set(place.position, printable(trouble));
        },
      };
    },
    close(suite) {
      if (suite === null || !isWorthTelling(suite.record)) return;
      output.write(renderLines([[], ...suiteLines(suite, troubles, Math.min(110, output.columns))], output));
    },
  };
}

/** The line reporter, which of several runs says first which one this is. */
function announced(output: ReporterOutput, place: RunPlace): Reporter {
  const inner = createReporter("line", output);
  const where = placeWords(place);
  let said = !several(place);
  const say = () => {
    if (said) return;
    said = true;
    const words = `── ${place.position + 1} of ${place.entries}${where === "" ? "" : `, ${where}`} `;
    output.write(renderLines([[], [faint(words.padEnd(Math.min(60, output.columns), "─"))]], output));
  };
  return {
    record(record) {
      say();
      inner.record(record);
    },
    end(run) {
      say();
      inner.end(run);
    },
    close: () => inner.close(),
  };
}

/** One run is told of as `reports show` does; of several each is a line of its own (JSON Lines), as soon as it is over. */
function jsonSeries(output: ReporterOutput): ReportSeries {
  const codes = new Map<number, number[]>();
  return {
    next(place) {
      if (!several(place)) return createReporter("json", output);
      return atEnd((run) => {
        const exitCodes = [...(codes.get(place.position) ?? []), run.verdict.exitCode];
        codes.set(place.position, exitCodes);
        const outcome: Outcome = outcomeOf(exitCodes);
        // The verdict has it.
        const { scenario: _, ...where } = place;
        output.write(`${JSON.stringify({ ...jsonReport(run), place: { ...where, outcome } })}\n`);
      });
    },
    close(suite) {
      for (const { scenario, position, repeat, repeats, skipped } of skippedOf(suite)) {
        output.write(`${JSON.stringify({ version: 1, scenario, skipped, place: { position, repeat, repeats } })}\n`);
      }
    },
  };
}

/** The entries that this machine cannot run. */
function skippedOf(suite: EndedSuite | null): SkippedEntry[] {
  const entries = suite?.record.entries ?? [];
  return entries.flatMap((entry) => (entry.skipped === undefined ? [] : [{ ...entry, skipped: entry.skipped }]));
}

/** The attempts of one entry. */
interface Kept<T> {
  readonly place: RunPlace;
  readonly attempts: readonly T[];
}

/** One document for all, in the suite's order. In a file it is whole after each run, so that a crash takes nothing along. */
function documentSeries<T>(
  output: SeriesOutput,
  keep: (run: EndedRun, place: RunPlace, earlier: readonly T[]) => T,
  render: (kept: readonly Kept<T>[], skipped: readonly SkippedEntry[]) => string,
): ReportSeries {
  const kept = new Map<number, Kept<T>>();
  const document = (skipped: readonly SkippedEntry[] = []) =>
    render(
      [...kept].sort(([one], [other]) => one - other).map(([, entry]) => entry),
      skipped,
    );
  return {
    next: (place) =>
      atEnd((run) => {
        const earlier = kept.get(place.position)?.attempts ?? [];
        kept.set(place.position, { place, attempts: [...earlier, keep(run, place, earlier)] });
        output.rewrite?.(document());
      }),
    close(suite) {
      const skipped = skippedOf(suite);
      if (output.rewrite === undefined) {
        if (kept.size + skipped.length > 0) output.write(document(skipped));
      } else if (skipped.length > 0) output.rewrite(document(skipped));
    },
  };
}

const junitEntry = (run: EndedRun): JunitAttempt => junitAttempt(run);
const junitSuiteOf = ({ place: { repeat, repeats }, attempts }: Kept<JunitAttempt>) =>
  junitSuite(attempts, repeats > 1 ? repeat : undefined);

const keptMarkdown = (run: EndedRun, place: RunPlace, earlier: readonly MarkdownEntry[]): MarkdownEntry =>
  markdownEntry(run, { place, earlier });
const lastOf = ({ attempts }: Kept<MarkdownEntry>) => attempts.at(-1) as MarkdownEntry;

/** Annotations as the runs end, and the Markdown document as the step's summary. */
function githubSeries(output: ReporterOutput, summaryFile: ((text: string) => void) | undefined): ReportSeries {
  const codes = new Map<number, number[]>();
  const summary = documentSeries(
    { ...output, write: (text) => summaryFile?.(text) },
    keptMarkdown,
    (kept: readonly Kept<MarkdownEntry>[], skipped) => markdownDocument(kept.map(lastOf), skipped),
  );
  return {
    next(place) {
      const written = summary.next(place);
      return atEnd((run) => {
        const earlier = codes.get(place.position) ?? [];
        githubReporter(output, place, earlier).end(run);
        codes.set(place.position, [...earlier, run.verdict.exitCode]);
        written.end(run);
      });
    },
    close(suite) {
      for (const { scenario, skipped } of skippedOf(suite)) output.write(skippedAnnotation(scenario, skipped));
      summary.close(suite);
    },
  };
}

function atEnd(end: (run: EndedRun) => void): Reporter {
  return { record: () => undefined, end, close: () => undefined };
}
