import { appendFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { type FileOutput, fileOutput } from "../../reports/file-output.ts";
import { type HtmlSeries, htmlSeries } from "../../reports/html/html-series.ts";
import { type ReportSeries, reportSeries } from "../../reports/report-series.ts";
import { type ReporterName, reporterNames } from "../../reports/reporter-names.ts";
import type { EndedSuite, Reporter, RunPlace } from "../../reports/reporter.ts";
import { streamOutput } from "../../reports/stream-output.ts";

export interface OpenReporters {
  /** Those of the next run. */
  next(place: RunPlace): readonly Reporter[];
  /**
   * Gives what could not be written to files. What went to stdout is on its way: whoever ends the program waits for it.
   * Called once, after the last run.
   *
   * @param suite null when the suite came to no end
   */
  close(suite: EndedSuite | null): readonly UsageError[];
}

interface Wanted {
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  /** How many there will be. */
  readonly runs: number;
}

/** These say whole lines of their own and can stand between others', or write files of their own. */
const sharing: ReadonlySet<ReporterName> = new Set(["github", "html"]);
/** These are for people: a line more does no harm. */
const prose: ReadonlySet<ReporterName> = new Set(["line", "list"]);

/**
 * Opens the reporters named on the command line, as `NAME` (to stdout) or `NAME=FILE`, several with commas between them;
 * `line` for a single run and `list` for several when none else writes to stdout.
 *
 * @throws UsageError `unknown-reporter`, `one-stdout`, `one-file` or `report-file`
 */
export function openReporters(
  { reporter = [], json = false, runs }: Wanted,
  environment: NodeJS.ProcessEnv = process.env,
): OpenReporters {
  const wanted = json ? ["json", ...reporter] : reporter;
  const asked = wanted.flatMap((text) => text.split(",")).map(parse);
  const toStdout = asked.filter(({ file, name }) => file === undefined && !sharing.has(name));
  if (toStdout.length === 0) asked.unshift({ name: runs === 1 ? "line" : "list", file: undefined });
  const shared = asked.some(({ file, name }) => file === undefined && name === "github");
  const [holder] = toStdout;
  const documents = holder !== undefined && shared && !prose.has(holder.name);
  if (toStdout.length > 1 || documents) {
    throw new UsageError("Two reporters cannot both write to stdout.", {
      code: "one-stdout",
      next: "Give all but one a file: --reporter junit=results.xml.",
    });
  }
  refuseSharedFile(asked.flatMap(({ file }) => (file === undefined ? [] : [file])));
  const files: FileOutput[] = [];
  const summary = stepSummary(environment);
  const stdout = streamOutput(process.stdout);
  const pages: HtmlSeries[] = [];
  const say = (text: string) => {
    if (holder === undefined || prose.has(holder.name)) stdout.write(text);
  };
  const all = asked.map(({ name, file }): ReportSeries => {
    if (name === "html") return keptIn(pages, htmlSeries({ file: openedFile(file, files), say }));
    if (file === undefined) return reportSeries(name, stdout, summary.append);
    const output = fileOutput(file);
    files.push(output);
    return reportSeries(name, output, summary.append);
  });
  return {
    next: (place) => all.map((series) => series.next(place)),
    close(suite) {
      for (const series of all) series.close(suite);
      const unwritten = [...files.map((file) => file.close()), summary.unwritten()].filter(
        (problem) => problem !== null,
      );
      return [...unwritten, ...pages.flatMap((series) => series.unwritten())];
    },
  };
}

function keptIn<T>(list: T[], value: T): T {
  list.push(value);
  return value;
}

function openedFile(path: string | undefined, files: FileOutput[]) {
  return path === undefined ? undefined : { path, output: keptIn(files, fileOutput(path)) };
}

function parse(text: string): { name: ReporterName; file: string | undefined } {
  const at = text.indexOf("=");
  const word = at < 0 ? text : text.slice(0, at);
  const name = reporterNames.find((one) => one === word);
  if (name === undefined || at === text.length - 1) {
    const meant = name === undefined ? nearest(word.toLowerCase(), reporterNames) : undefined;
    throw new UsageError(`There is no reporter "${text}".`, {
      code: "unknown-reporter",
      next:
        meant === undefined
          ? `Name one of ${reporterNames.join(", ")}, each with =FILE if it is to go to a file.`
          : `Did you mean \`--reporter ${meant}\`?`,
    });
  }
  return { name, file: at < 0 ? undefined : text.slice(at + 1) };
}

/** The file in which GitHub Actions collects a step's summary; nowhere outside of it. */
function stepSummary({ GITHUB_STEP_SUMMARY: path }: NodeJS.ProcessEnv): {
  append: (text: string) => void;
  unwritten: () => UsageError | null;
} {
  let unwritten: UsageError | null = null;
  return {
    append(text) {
      if (path === undefined || path === "") return;
      try {
        appendFileSync(path, text);
      } catch (error) {
        unwritten = new UsageError(`The step summary ${path} could not be written: ${messageOf(error)}.`, {
          code: "report-file",
          next: "Look at GITHUB_STEP_SUMMARY.",
          cause: error,
        });
      }
    },
    unwritten: () => unwritten,
  };
}

/** The second would write over the first; into a device or a pipe both may write. */
function refuseSharedFile(named: readonly string[]): void {
  const files = named.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() ?? true);
  const [first] = files.filter((file, index) =>
    files.slice(0, index).some((other) => resolve(other) === resolve(file)),
  );
  if (first === undefined) return;
  throw new UsageError(`Two reporters cannot both write to ${first}.`, {
    code: "one-file",
    next: "Give each a file of its own: --reporter junit=results.xml,json=results.json.",
  });
}
