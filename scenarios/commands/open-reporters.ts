import { UsageError } from "../../foundation/errors.ts";
import { type ReporterName, reporterNames } from "../../reports/create-reporter.ts";
import { type FileOutput, fileOutput } from "../../reports/file-output.ts";
import { reportSeries } from "../../reports/report-series.ts";
import type { Reporter } from "../../reports/reporter.ts";
import { streamOutput } from "../../reports/stream-output.ts";

export interface OpenReporters {
  /** Those of the next run. */
  next(): readonly Reporter[];
  /**
   * Gives what could not be written to files. What went to stdout is on its way: whoever ends the program waits for it.
   * Called once, after the last run.
   */
  close(): readonly UsageError[];
}

/**
 * Opens the reporters named on the command line, as `NAME` (to stdout) or `NAME=FILE`; `line` when none writes to stdout.
 *
 * @param runs how many runs they are to tell of
 * @throws UsageError `unknown-reporter`, `one-stdout` or `report-file`
 */
export function openReporters(wanted: readonly string[], runs: number): OpenReporters {
  const asked = wanted.map(parse);
  if (!asked.some((one) => one.file === undefined)) asked.unshift({ name: "line", file: undefined });
  if (asked.filter((one) => one.file === undefined).length > 1) {
    throw new UsageError("Two reporters cannot both write to stdout.", {
      code: "one-stdout",
      next: "Give all but one a file: --reporter junit=results.xml.",
    });
  }
  const files: FileOutput[] = [];
  const stdout = streamOutput(process.stdout);
  const all = asked.map(({ name, file }) => {
    if (file === undefined) return reportSeries(name, stdout, runs);
    const output = fileOutput(file);
    files.push(output);
    return reportSeries(name, output, runs);
  });
  return {
    next: () => all.map((series) => series.next()),
    close() {
      for (const series of all) series.close();
      return files.map((file) => file.close()).filter((unwritten) => unwritten !== null);
    },
  };
}

function parse(text: string): { name: ReporterName; file: string | undefined } {
  const at = text.indexOf("=");
  const name = reporterNames.find((one) => one === (at < 0 ? text : text.slice(0, at)));
  if (name === undefined || at === text.length - 1) {
    throw new UsageError(`There is no reporter "${text}".`, {
      code: "unknown-reporter",
      next: `Name one of ${reporterNames.join(", ")}, each with =FILE if it is to go to a file.`,
    });
  }
  return { name, file: at < 0 ? undefined : text.slice(at + 1) };
}
