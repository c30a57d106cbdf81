import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runTests } from "./run-tests.ts";
import type { Tally } from "./tally.ts";

/** The projects of vitest.config.ts. What is `patient` goes on beside `host`. */
export const parts = {
  first: ["unit"],
  host: ["host"],
  patient: ["pure", "virtual", "broker", "reports"],
  last: ["alone"],
} as const;

type Environment = Readonly<Record<string, string>>;

/**
 * The whole suite, by the projects of vitest.config.ts: `unit`, which needs all the processors; then `host`, which mostly
 * waits, and beside it what bears to be slow, `pure`, `virtual`, `broker` and `reports`, with the time that `host` leaves of the processors; then
 * `alone`, beside which nothing else goes on. On two processors that saves a tenth of the time.
 */
export async function runParts(environment: Environment): Promise<Tally> {
  const interruption = noticeInterruption();
  try {
    const tallies = [await runTests({ parameters: projects(parts.first), output: "shown", environment })];
    if (!interruption.hasCome()) tallies.push(...(await runHost(environment)));
    if (!interruption.hasCome())
      tallies.push(await runTests({ parameters: projects(parts.last), output: "shown", environment }));
    const tally = combined(tallies);
    if (interruption.hasCome()) tally.failures.push("the suite was interrupted");
    return tally;
  } finally {
    interruption.ignore();
  }
}

async function runHost(environment: Environment): Promise<Tally[]> {
  const folder = mkdtempSync(join(tmpdir(), "houseguest-beside-"));
  const file = join(folder, "output");
  const output = openSync(file, "a");
  try {
    const patient = [...projects(parts.patient), "--maxWorkers=2"];
    const tallies = await Promise.all([
      runTests({ parameters: projects(parts.host), output: "shown", environment }),
      runTests({ parameters: patient, output, isPatient: true, environment }),
    ]);
    process.stdout.write(readFileSync(file));
    return tallies;
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

function projects(names: readonly string[]): string[] {
  return names.map((name) => `--project=${name}`);
}

export function combined(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
    flaky: tallies.flatMap(({ flaky }) => flaky),
    skips: tallies.flatMap(({ skips }) => skips),
  };
}

/** Vitest itself ends a part that is interrupted, and the next is not to begin. */
function noticeInterruption(): { hasCome: () => boolean; ignore: () => void } {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let isInterrupted = false;
  const notice = () => void (isInterrupted = true);
  for (const signal of signals) process.on(signal, notice);
  return {
    hasCome: () => isInterrupted,
    ignore: () => {
      for (const signal of signals) process.off(signal, notice);
    },
  };
}
