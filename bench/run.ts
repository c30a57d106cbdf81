import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { ExitCode } from "../foundation/exit-codes.ts";
import type { Benchmark, BenchmarkResult } from "./benchmark.ts";
import { wholeHostSnapshot } from "./whole-host-snapshot.ts";

/**
 * `npm run bench [-- NAME… --check]`: runs the benchmarks and prints a table of ratios. With `--check` a ratio below its
 * target ends with exit code 1. On a machine with more than two processors everything runs on two of them, where
 * taskset(1) is there.
 */
const benchmarks: readonly Benchmark[] = [wholeHostSnapshot];
const pinnedMark = "HOUSEGUEST_BENCH_PINNED";

process.exitCode = isPinned() ? await runAll(process.argv.slice(2)) : runPinned();

function isPinned(): boolean {
  const hasTaskset = spawnSync("taskset", ["--version"], { stdio: "ignore" }).status === 0;
  return process.env[pinnedMark] !== undefined || availableParallelism() <= 2 || !hasTaskset;
}

function runPinned(): number {
  const { status } = spawnSync("taskset", ["--cpu-list", "0,1", process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [pinnedMark]: "1" },
  });
  return status ?? ExitCode.harnessBug;
}

async function runAll(parameters: readonly string[]): Promise<number> {
  const names = parameters.filter((parameter) => !parameter.startsWith("--"));
  const unknown = names.find((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark "${unknown}". There are: ${benchmarks.map(({ name }) => name).join(", ")}.`);
    return ExitCode.usage;
  }
  const results: BenchmarkResult[] = [];
  for (const benchmark of benchmarks) {
    if (names.length === 0 || names.includes(benchmark.name)) results.push(...(await benchmark.run()));
  }
  for (const result of results) printResult(result);
  const missed = results.some(({ subjectRate, yardstickRate, target }) => subjectRate / yardstickRate < target);
  return missed && parameters.includes("--check") ? ExitCode.fail : ExitCode.pass;
}

function printResult(result: BenchmarkResult): void {
  const { subject, yardstick, subjectRate, yardstickRate, unit, target, rounds, notes } = result;
  const ratio = subjectRate / yardstickRate;
  const width = Math.max(subject.length, yardstick.length);
  console.log(`${subject.padEnd(width)}  ${rate(subjectRate)} ${unit}`);
  console.log(`${yardstick.padEnd(width)}  ${rate(yardstickRate)} ${unit}`);
  console.log(
    `ratio ${ratio.toFixed(2)} × (target ${target.toFixed(1)} ×: ${ratio >= target ? "met" : "missed"}), medians of ${rounds} rounds`,
  );
  for (const note of notes) console.log(`  ${note}`);
  console.log();
}

function rate(value: number): string {
  return Math.round(value).toLocaleString("en-GB").padStart(12);
}
