import type { Reporter, ReporterOutput } from "../reporter.ts";
import { runPageParts } from "./run-page.ts";

/** One self-contained page, when the run is over. */
export function htmlReporter(output: ReporterOutput): Reporter {
  return {
    record: () => undefined,
    end(run) {
      for (const part of runPageParts(run)) output.write(part);
    },
    close: () => undefined,
  };
}
