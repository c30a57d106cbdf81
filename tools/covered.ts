import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { tallyLine } from "./tally.ts";

/**
 * `npm run covered`: every branch of these folders is covered by the tests that lie in them (docs/requirements.md,
 * OR-7, FE-4). Each folder counts as one test.
 */
const folders = ["broker-sim/core/executions", "broker-sim/core/federation"];
const root = resolve(import.meta.dirname, "..");

const reports = mkdtempSync(join(tmpdir(), "covered-"));
let failed = 0;
try {
  for (const folder of folders) {
    const coverage = [
      "--coverage.enabled",
      "--coverage.provider=v8",
      `--coverage.include=${folder}/**/*.ts`,
      "--coverage.exclude=**/*.test.ts",
      "--coverage.reporter=text",
      `--coverage.reportsDirectory=${join(reports, folder.replaceAll("/", "-"))}`,
      "--coverage.thresholds.branches=100",
      "--coverage.thresholds.functions=100",
    ];
    const { status } = spawnSync("npx", ["vitest", "run", "--project", "pure", folder, ...coverage], {
      cwd: root,
      stdio: "inherit",
    });
    if (status !== 0) failed += 1;
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
console.log(tallyLine({ passed: folders.length - failed, failed, skipped: 0 }));
process.exitCode = failed > 0 ? 1 : 0;
