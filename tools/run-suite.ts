import { runTests } from "./run-tests.ts";
import { tallyLine } from "./tally.ts";

/**
 * Runs the tests: first the `unit` project side by side, then the `host` project one file after the other. Lists what
 * was skipped and what failed, and ends with the line that `tally.ts` describes.
 */
const { passed, failures, skips } = await runTests({ parameters: process.argv.slice(2), output: "shown" });

if (skips.length > 0) {
  console.log(`\nSkipped (${skips.length}):`);
  for (const { name, reason } of skips) console.log(`  ${name}\n      ${reason}`);
}
if (failures.length > 0) {
  console.log(`\nFailed (${failures.length}):`);
  for (const name of failures) console.log(`  ${name}`);
}
console.log(`\n${tallyLine({ passed, failed: failures.length, skipped: skips.length })}`);
process.exitCode = failures.length > 0 ? 1 : 0;
