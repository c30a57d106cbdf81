import { closeSync, openSync, writeSync } from "node:fs";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { createReporter } from "../../reports/create-reporter.ts";
import type { Reporter } from "../../reports/reporter.ts";
import { streamOutput } from "../../reports/stream-output.ts";

const names = ["line", "json", "junit"] as const;
type ReporterName = (typeof names)[number];
const columnsDefault = 100;

export interface OpenReporters {
  readonly all: readonly Reporter[];
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/**
 * Opens the reporters named on the command line, as `NAME` (to stdout) or `NAME=FILE`; `line` when none writes to stdout.
 *
 * @throws UsageError `unknown-reporter`, `one-stdout` or `report-file`
 */
export function openReporters(wanted: readonly string[]): OpenReporters {
  const asked = wanted.map(parse);
  if (!asked.some((one) => one.file === undefined)) asked.unshift({ name: "line", file: undefined });
  if (asked.filter((one) => one.file === undefined).length > 1) {
    throw new UsageError("Two reporters cannot both write to stdout.", {
      code: "one-stdout",
      next: "Give all but one a file: --reporter junit=results.xml.",
    });
  }
  const descriptors: number[] = [];
  const stdout = streamOutput(process.stdout);
  const all = asked.map(({ name, file }) => {
    if (file === undefined) return createReporter(name, stdout);
    const descriptor = openFile(file);
    descriptors.push(descriptor);
    return createReporter(name, {
      write: (text) => void writeSync(descriptor, text),
      columns: columnsDefault,
      color: false,
      live: false,
    });
  });
  return {
    all,
    async close() {
      for (const reporter of all) reporter.close();
      for (const descriptor of descriptors) closeSync(descriptor);
      await stdout.flushed();
    },
  };
}

function parse(text: string): { name: ReporterName; file: string | undefined } {
  const at = text.indexOf("=");
  const name = names.find((one) => one === (at < 0 ? text : text.slice(0, at)));
  if (name === undefined || at === text.length - 1) {
    throw new UsageError(`There is no reporter "${text}".`, {
      code: "unknown-reporter",
      next: `Name one of ${names.join(", ")}, each with =FILE if it is to go to a file.`,
    });
  }
  return { name, file: at < 0 ? undefined : text.slice(at + 1) };
}

function openFile(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw new UsageError(`The report file ${path} cannot be written: ${messageOf(error)}.`, {
      code: "report-file",
      next: "Name a file in a folder that exists and that you may write to.",
      cause: error,
    });
  }
}
