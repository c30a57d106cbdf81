import { basename, dirname, relative, resolve } from "node:path";

import { shellWord } from "../../foundation/shell-word.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { missingRecords } from "../figures/lost-evidence.ts";
import { overhead, type Overhead } from "../figures/overhead.ts";
import { runFigures, type RunFigures } from "../figures/run-figures.ts";
import type { EndedRun } from "../reporter.ts";
import { rootDefault } from "../runs/run-directory.ts";
import { printable, printableRecord } from "../text/printable.ts";
import type { Line } from "../text/line.ts";

/** A run as the terminal shows it: every text in it is printable. */
export interface RunView {
  readonly verdict: RunVerdict;
  readonly figures: RunFigures;
  readonly overhead: Overhead;
  readonly lostEvidence: readonly string[];
  /** Relative to the current folder where it lies below. */
  readonly directory: string;
  /** The command that shows this report again. */
  readonly showAgain: string;
}

/** A part of the summary. No line means that it has nothing to say; it never is wider than `width` where it can. */
export type Section = (view: RunView, width: number) => Line[];

export function runView({ verdict, history, runDirectory, lostEvidence = [] }: EndedRun): RunView {
  const path = resolve(runDirectory);
  const below = relative(process.cwd(), path);
  const shown = below.startsWith("..") || below === "" ? path : below;
  const byName = dirname(path) === resolve(rootDefault);
  return {
    verdict: printableRecord(verdict),
    figures: printableRecord(runFigures(history)),
    overhead: overhead(history, verdict.phases, verdict.endedAt - verdict.startedAt),
    lostEvidence: [...lostEvidence, ...missingRecords(history)].map(printable),
    directory: printable(shown),
    showAgain: `npx reports show ${printable(byName ? basename(path) : shellWord(shown))}`,
  };
}
