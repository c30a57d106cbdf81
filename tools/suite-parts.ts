import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
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

export interface Suite {
  readonly environment: Readonly<Record<string, string>>;
  /** What vitest is told besides. */
  readonly parameters?: readonly string[];
  readonly output?: "shown" | "hidden";
  /** After how long vitest is killed, in whichever part it is then. */
  readonly deadlineMs?: number;
}

/**
 * The whole suite, by the projects of vitest.config.ts: `unit`, which needs all the processors; then `host`, which mostly
 * waits, and beside it what bears to be slow, `pure`, `virtual`, `broker` and `reports`, with the time that `host` leaves
 * of the processors; then `alone`, beside which nothing else goes on. On two processors that saves a fifth of the time.
 */
export async function runParts({ deadlineMs = 40 * 60_000, ...suite }: Suite): Promise<Tally> {
  const endsAtMs = Date.now() + deadlineMs;
  const interruption = noticeInterruption();
  try {
    const tallies: Tally[] = [];
    for (const run of [runFirst, runHost, runLast]) {
      if (!interruption.hasCome()) tallies.push(...(await run({ ...suite, deadlineMs: endsAtMs - Date.now() })));
    }
    const tally = combined(tallies);
    if (interruption.hasCome()) tally.failures.push("the suite was interrupted");
    return tally;
  } finally {
    interruption.ignore();
  }
}

const runFirst = async (suite: Suite): Promise<Tally[]> => [await runShown(suite, parts.first)];
const runLast = async (suite: Suite): Promise<Tally[]> => [await runShown(suite, parts.last)];

async function runHost(suite: Suite): Promise<Tally[]> {
  const folder = mkdtempSync(join(tmpdir(), "houseguest-beside-"));
  const file = join(folder, "output");
  const output = openSync(file, "a");
  const { parameters = [], output: shown = "shown" } = suite;
  try {
    const patient = [...projects(parts.patient), `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`];
    return await Promise.all([
      runShown(suite, parts.host),
      runTests({ ...suite, parameters: [...patient, ...parameters], output, isPatient: true }),
    ]);
  } finally {
    if (shown === "shown") process.stdout.write(readFileSync(file));
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runShown(
  { parameters = [], output = "shown", ...suite }: Suite,
  names: readonly string[],
): Promise<Tally> {
  return await runTests({ ...suite, parameters: [...projects(names), ...parameters], output });
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
