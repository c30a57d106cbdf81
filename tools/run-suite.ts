import { resolve } from "node:path";

import { runMarker } from "../protocol/job-environment.ts";
import type { Finding } from "../protocol/residue-report.ts";
import { bundlePrograms } from "./bundle-programs.ts";
import { runTests } from "./run-tests.ts";
import { runParts } from "./suite-parts.ts";
import { type SuiteWatch, watchSuite } from "./suite-residue.ts";
import { type Tally, tallyLine } from "./tally.ts";
import { makeTemporaryPlace } from "./temporary-place.ts";

/**
 * Runs the tests: all of them in parts (`suite-parts.ts`), or by vitest's parameters those that are asked for. The
 * whole suite (no parameters) is watched by our own scanner, and fails if it leaves something on the host. Lists what
 * was skipped, what was flaky and what failed, and ends with the line that `tally.ts` describes.
 */
const parameters = process.argv.slice(2);
const leftoversShownMax = 40;
const root = resolve(import.meta.dirname, "..");

const watch = parameters.length === 0 ? await watchSuite(root, { isAlone: process.env["CI"] === "true" }) : undefined;
const place = makeTemporaryPlace();
let tally: Tally;
try {
  await bundlePrograms(place.bundle);
  const environment = { ...place.environment, ...(watch === undefined ? {} : { [runMarker]: watch.runId }) };
  tally = await (watch === undefined
    ? runTests({ parameters, output: "shown", environment })
    : runParts({ environment }));
  const leftovers = place.leftovers();
  if (leftovers.length > 0) {
    console.log(
      `\nLeft in the temporary directory of the tests:\n  ${leftovers.slice(0, leftoversShownMax).join("\n  ")}`,
    );
    tally.failures.push("the tests leave their temporary directory empty");
  }
} finally {
  place.remove();
}
if (watch !== undefined) {
  await judgeResidue(watch, tally);
  await watch.endProcesses();
}
tell(tally);
process.exitCode = tally.failures.length > 0 ? 1 : 0;

/** Counts as one test. */
async function judgeResidue(watch: SuiteWatch, tally: Tally): Promise<void> {
  const { report, left, unexplained } = await watch.compare();
  if (unexplained.length > 0) {
    console.log(`\nChanged on this host meanwhile, by nobody that we know (${unexplained.length}; not counted):`);
    for (const finding of unexplained.slice(0, 10)) console.log(`  ${finding.change}: ${finding.subject}`);
  }
  const name = "the whole suite leaves nothing on the host";
  const blind = report.surfaces.filter((surface) => surface.status === "failed");
  if (left.length > 0) {
    console.log(`\nLeft behind by the tests (${left.length}):`);
    for (const finding of left) console.log(describe(finding));
    tally.failures.push(name);
  } else if (blind.length > 0) {
    tally.skips.push({ name, reason: blind.map((each) => `${each.surface}: ${each.detail}`).join("; ") });
  } else {
    tally.passed += 1;
  }
}

function describe({ change, subject, attribution, show }: Finding): string {
  const evidence = attribution.evidence.map((each) => `      ${each.kind}: ${each.detail}\n`).join("");
  return `  ${change}: ${subject}\n${evidence}      see: ${show}`;
}

function tell({ passed, failures, flaky, skips }: Tally): void {
  if (skips.length > 0) {
    console.log(`\nSkipped (${skips.length}):`);
    for (const { name, reason } of skips) console.log(`  ${name}\n      ${reason}`);
  }
  if (flaky.length > 0) {
    console.log(`\nFlaky, passed when tried again (${flaky.length}):`);
    for (const { name, error } of flaky) console.log(`  ${name}\n      ${error.replaceAll("\n", "\n      ")}`);
  }
  if (failures.length > 0) {
    console.log(`\nFailed (${failures.length}):`);
    for (const name of failures) console.log(`  ${name}`);
  }
  console.log(`\n${tallyLine({ passed, failed: failures.length, skipped: skips.length })}`);
}
