import { githubReporter } from "./github.ts";
import { htmlReporter } from "./html/html-reporter.ts";
import { jsonReporter } from "./json.ts";
import { junitReporter } from "./junit.ts";
import { lineReporter } from "./line.ts";
import { listReporter } from "./list.ts";
import { markdownReporter } from "./markdown/markdown.ts";
import type { ReporterName } from "./reporter-names.ts";
import type { Reporter, ReporterOutput } from "./reporter.ts";
import { sarifReporter } from "./sarif.ts";

/** A reporter of one run. */
export function createReporter(name: ReporterName, output: ReporterOutput): Reporter {
  return reporters[name](output);
}

const reporters: Record<ReporterName, (output: ReporterOutput) => Reporter> = {
  line: lineReporter,
  list: (output) => listReporter(output),
  json: jsonReporter,
  junit: junitReporter,
  markdown: markdownReporter,
  github: (output) => githubReporter(output),
  sarif: sarifReporter,
  html: htmlReporter,
};
