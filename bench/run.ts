import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { ExitCode } from "../foundation/exit-codes.ts";
import { type Benchmark, type BenchmarkResult, type BoundResult, isMet, ratioOf } from "./benchmark.ts";
import { freezeLatency } from "./freeze-latency.ts";
import { heartbeats } from "./heartbeats.ts";
import { quickCollectors } from "./quick-collectors.ts";
import { recorder } from "./recorder.ts";
import { reducerSteps } from "./reducer-steps.ts";
import { reportPage } from "./report-page.ts";
import { scale } from "./scale.ts";
import { scanMemory } from "./scan-memory.ts";
import { simulatedAgentMemory } from "./simulated-agent-memory.ts";
import { simulationSteps } from "./simulation-steps.ts";
import { snapshotDiff } from "./snapshot-diff.ts";
import { snapshotFiles } from "./snapshot-files.ts";
import { withdrawSeeds } from "./withdraw-seeds.ts";

/**
 * `npm run bench [-- NAME… --check]`: runs the benchmarks and prints a table of ratios. With `--check` a figure below its
 * target ends with exit code 1. Those that take minutes run only by their names. On a machine with more than two
 * processors everything runs on two of them, where taskset(1) is there.
 */
const benchmarks: readonly Benchmark[] = [
  snapshotFiles,
  snapshotDiff,
  quickCollectors,
  scanMemory,
  freezeLatency,
  recorder,
  reducerSteps,
  simulationSteps,
  withdrawSeeds,
  simulatedAgentMemory,
  heartbeats,
  scale,
  reportPage,
];
const pinnedMark = "HOUSEGUEST_BENCH_PINNED";

const help = `Usage: npm run bench -- [NAME...] [--check]

Measures, each figure beside a yardstick in the same run. Without names all
but those that take minutes.

  --check     end with 1 where a figure misses its target
  -h, --help  display this, and measure nothing

Examples:
  npm run bench -- recorder
  npm run bench -- quick-collectors snapshot-diff --check

Benchmarks:
${benchmarks.map(({ name, byNameOnly }) => `  ${name}${byNameOnly === true ? " (by its name only)" : ""}`).join("\n")}`;

const asked = parse(process.argv.slice(2));
if (typeof asked === "string") {
  console.error(`${asked} See npm run bench -- --help.`);
  process.exitCode = ExitCode.usage;
} else if (asked.help) console.log(help);
else process.exitCode = isPinned() ? await runAll(asked) : runPinned();

interface Asked {
  readonly names: readonly string[];
  readonly check: boolean;
  readonly help: boolean;
}

/** @returns a sentence on what is wrong where it cannot be done */
function parse(words: string[]): Asked | string {
  try {
    const options = {
      check: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    } as const;
    const { values, positionals: names } = parseArgs({ args: words, options, allowPositionals: true });
    const unknown = names.find((name) => !benchmarks.some((benchmark) => benchmark.name === name));
    return unknown === undefined ? { ...values, names } : `There is no benchmark "${unknown}".`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

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

async function runAll({ names, check }: Asked): Promise<number> {
  let missed = false;
  for (const benchmark of benchmarks) {
    if (names.length === 0 ? benchmark.byNameOnly === true : !names.includes(benchmark.name)) continue;
    const results = await benchmark.run();
    for (const result of results) {
      if ("most" in result) printBound(result);
      else printResult(result);
    }
    missed ||= !results.every(isMet);
  }
  return missed && check ? ExitCode.fail : ExitCode.pass;
}

function printResult(result: BenchmarkResult): void {
  const { subject, yardstick, subjectRate, yardstickRate, unit, target, rateTarget, rounds, notes } = result;
  const ratio = ratioOf(result);
  const width = Math.max(subject.length, yardstick.length);
  console.log(`${subject.padEnd(width)}  ${rate(subjectRate)} ${unit}`);
  console.log(`${yardstick.padEnd(width)}  ${rate(yardstickRate)} ${unit}`);
  const aims = [
    target === null ? "" : `target ${target.toFixed(1)} ×`,
    rateTarget === undefined ? "" : `target ${rate(rateTarget).trim()} ${unit}`,
  ].filter((aim) => aim !== "");
  const verdict = aims.length === 0 ? "" : ` (${aims.join(", ")}: ${isMet(result) ? "met" : "missed"})`;
  console.log(`ratio ${ratio.toFixed(ratio < 0.1 ? 4 : 2)} ×${verdict}, medians of ${rounds} rounds`);
  for (const note of notes) console.log(`  ${note}`);
  console.log();
}

function printBound(result: BoundResult): void {
  const { what, measured, most, unit, notes } = result;
  console.log(
    `${what}  ${rate(measured).trim()} ${unit} (at most ${rate(most).trim()}: ${isMet(result) ? "met" : "missed"})`,
  );
  for (const note of notes) console.log(`  ${note}`);
  console.log();
}

function rate(value: number): string {
  return Math.round(value).toLocaleString("en-GB").padStart(12);
}
