import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

import { tallyLine } from "./tally.ts";

/**
 * `npm run check`: everything that can be said of the sources without running them. Each check counts as one test; all
 * of them are run, and the last line is their tally.
 */
const checks = [
  { name: "types", script: "typecheck" },
  { name: "lint", script: "lint" },
  { name: "format", script: "format:check" },
  { name: "import directions", script: "directions" },
  { name: "dead code", script: "dead-code" },
];
const root = resolve(import.meta.dirname, "..");

let failed = 0;
for (const { name, script } of checks) {
  const startedAt = performance.now();
  const { status, stdout, stderr, error } = spawnSync("npm", ["run", "--silent", script], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (npm run ${script}), ${seconds} s`);
  if (status === 0) continue;
  failed += 1;
  console.log(`${stdout}${stderr}${error?.message ?? ""}`.trimEnd());
}
console.log(tallyLine({ passed: checks.length - failed, failed, skipped: 0 }));
process.exitCode = failed > 0 ? 1 : 0;
