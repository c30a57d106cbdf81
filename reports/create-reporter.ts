import { jsonReporter } from "./json.ts";
import { junitReporter } from "./junit.ts";
import { lineReporter } from "./line.ts";
import type { Reporter, ReporterOutput } from "./reporter.ts";

export const reporterNames = ["line", "json", "junit"] as const;
export type ReporterName = (typeof reporterNames)[number];

export function createReporter(name: ReporterName, output: ReporterOutput): Reporter {
  return reporters[name](output);
}

const reporters: Record<ReporterName, (output: ReporterOutput) => Reporter> = {
  line: lineReporter,
  json: jsonReporter,
  junit: junitReporter,
};
