import { availableParallelism } from "node:os";
import { resolve } from "node:path";

import { execa } from "execa";

import { tallyLine } from "./tally.ts";

interface Check {
  readonly name: string;
  readonly script: string;
  readonly parameters?: readonly string[];
}

const root = resolve(import.meta.dirname, "..");

/** So many at once: each keeps more than one processor busy for a part of its time only. */
const lanes = 2;

/**
 * The compiler and the linter take half as much processor time again for threads that each read the same types anew.
 * That is worth it only where processors have nothing else to do.
 */
const processorsEach = Math.max(1, Math.floor(availableParallelism() / lanes));

/**
 * `npm run check`: everything that can be said of the sources without running them. Each check counts as one test; all
 * of them are run, and the last line is their tally.
 */
const checks: readonly Check[] = [
  { name: "types", script: "typecheck", parameters: processorsEach === 1 ? ["--singleThreaded"] : [] },
  { name: "lint", script: "lint" },
  { name: "format", script: "format:check" },
  { name: "import directions", script: "directions" },
  { name: "dead code", script: "dead-code" },
];

interface Outcome {
  readonly passed: boolean;
  readonly seconds: string;
  readonly output: string;
}

async function run({ script, parameters = [] }: Check): Promise<Outcome> {
  const startedAt = performance.now();
  const result = await execa("npm", ["run", "--silent", script, "--", ...parameters], {
    cwd: root,
    env: { GOMAXPROCS: String(processorsEach) },
    stdin: "ignore",
    all: true,
    reject: false,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  // What could not be started has no output.
  return { passed: !result.failed, seconds, output: result.all || (result.message ?? "") };
}

const waiting = checks.map((check) => ({ check, ...Promise.withResolvers<Outcome>() }));
const outcomes = waiting.map(({ promise }) => promise);
const lane = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next.resolve(await run(next.check));
};
for (let index = 0; index < lanes; index += 1) void lane();

let failed = 0;
for (const [index, { name, script }] of checks.entries()) {
  const { passed, seconds, output } = (await outcomes[index]) as Outcome;
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (npm run ${script}), ${seconds} s`);
  if (passed) continue;
  failed += 1;
  console.log(output.trimEnd());
}
console.log(tallyLine({ passed: checks.length - failed, failed, skipped: 0 }));
process.exitCode = failed > 0 ? 1 : 0;
