import { outcomeLooks } from "./suite/outcome-look.ts";
import { placeWords } from "./suite/place-words.ts";
import { type Outcome, outcomeOf, type Skipped } from "../protocol/suite.ts";
import type { EndedRun, Reporter, ReporterOutput, RunPlace } from "./reporter.ts";
import { troubles } from "./summary/trouble.ts";
import { printable } from "./text/printable.ts";

/** GitHub shows ten errors and ten warnings of a step; the rest of a run's troubles goes into one. */
const annotationsMax = 5;

/**
 * For GitHub Actions: an annotation for each thing that is wrong with a run, as workflow commands, which a runner takes
 * from either stream of a step (docs.github.com, "Workflow commands for GitHub Actions").
 */
export function githubReporter(output: ReporterOutput, place?: RunPlace, earlier: readonly number[] = []): Reporter {
  return {
    record: () => undefined,
    end: (run) => output.write(annotations(run, place, earlier)),
    close: () => undefined,
  };
}

/** What was not run, because this machine cannot. */
export function skippedAnnotation(scenario: string, { why, remedy }: Skipped): string {
  return `${command(levels.skipped, `${scenario}: ${outcomeLooks.skipped.word}`, `${why} ${remedy}`)}\n`;
}

/** @param earlier the exit codes of the same entry's attempts before this one */
function annotations({ verdict }: EndedRun, place: RunPlace | undefined, earlier: readonly number[]): string {
  const outcome = outcomeOf([...earlier, verdict.exitCode]);
  if (outcome === "passed") return "";
  const where = place === undefined ? "" : placeWords(place);
  const title = `${verdict.scenario}: ${outcomeLooks[outcome].word}${where === "" ? "" : ` (${where})`}`;
  const all = outcome === "flaky" ? [`It passed at attempt ${earlier.length + 1} only.`] : troubles(verdict);
  const told = all.length === 0 ? [`The run ended with exit code ${verdict.exitCode}.`] : all;
  // Of an attempt that another one follows nobody knows yet whether it matters.
  const level =
    place !== undefined && place.attempt < place.attemptsMax && isRetried(outcome) ? "warning" : levels[outcome];
  const lines = told.slice(0, annotationsMax).map((trouble) => command(level, title, trouble));
  const more = told.length - annotationsMax;
  const last = more > 0 ? [command(level, title, `… and ${more} more; reproduce: ${verdict.reproduce}`)] : [];
  return [...lines, ...last].map((line) => `${line}\n`).join("");
}

const isRetried = (outcome: Outcome): boolean => outcome === "failed" || outcome === "unknown";

const levels: Readonly<Record<Outcome, "error" | "warning" | "notice">> = {
  ...{ passed: "notice", flaky: "warning", failed: "error", unknown: "error", refused: "error" },
  ...{ interrupted: "warning", "not-undone": "error", "harness-bug": "error", "not-run": "notice" },
  skipped: "notice",
};

/** Escaped as `@actions/core` does: data, and in properties also what separates them. */
function command(level: string, title: string, message: string): string {
  const data = (text: string) => printable(text).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = data(title).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::${level} title=${property}::${data(message)}`;
}
