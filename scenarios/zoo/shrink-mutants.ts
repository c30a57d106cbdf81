import { ExitCode } from "../../foundation/exit-codes.ts";
import { huntMutant } from "./hunt-mutant.ts";
import { HuntThread } from "./hunt-thread.ts";
import { inLanes } from "./lanes.ts";
import type { Mutant } from "./mutant.ts";
import { table } from "./zoo-table.ts";

/** A story of more steps than that is not read by anybody. */
const stepsMax = 12;
/** What the middle one of all mutants may take to shrink, in milliseconds. */
const medianMsMax = 20_000;
/** After that whatever was reached is told. */
const forMsMax = 120_000;

interface ShrunkMutant {
  readonly mutant: Mutant;
  /** Null when no seed shows the mutant. */
  readonly shrunk: {
    readonly invariant: string;
    readonly stepsBefore: number;
    readonly steps: number;
    /** Small decisions that are not benign. */
    readonly choices: number;
    readonly runs: number;
    readonly tookMs: number;
    readonly failsClean: boolean;
  } | null;
}

const headings = ["mutant", "violated", "steps", "to", "choices", "together", "runs", "seconds", ""];

/** Shrinks the first failing plan of each mutant, and prints how small they got and how long that took. */
export async function shrinkMutants(wanted: {
  readonly mutants: readonly Mutant[];
  readonly base: string;
  readonly jobs: number;
}): Promise<ExitCode> {
  const shrunk = await inLanes(wanted.mutants, wanted.jobs, (mutant) => shrinkMutant(mutant, wanted.base));
  console.log(table([headings, ...shrunk.map(cells)]));
  const times = shrunk.flatMap(({ shrunk }) => (shrunk === null ? [] : [shrunk.tookMs])).sort((a, b) => a - b);
  const medianMs = times[Math.floor((times.length - 1) / 2)] ?? 0;
  const failed = shrunk.filter(({ shrunk }) => shrunk === null || !isSmall(shrunk)).length;
  const seconds = (medianMs / 1_000).toFixed(1);
  console.log(`${shrunk.length - failed} of ${shrunk.length} mutants shrink to ${stepsMax} steps; median ${seconds} s`);
  return failed > 0 || medianMs > medianMsMax ? ExitCode.fail : ExitCode.pass;
}

async function shrinkMutant(mutant: Mutant, base: string): Promise<ShrunkMutant> {
  const mutated = new HuntThread(mutant);
  const clean = new HuntThread(null);
  try {
    const { found } = await huntMutant(mutant, { base, mutated, clean });
    if (found === null) return { mutant, shrunk: null };
    const { plan, failure, runs, tookMs } = await mutated.shrink({ ...found, forMsMax });
    const shrunk = {
      invariant: failure?.invariant ?? "nothing any more",
      stepsBefore: found.plan.steps.length,
      steps: plan.steps.length,
      choices: plan.tape === "seeded" ? Number.POSITIVE_INFINITY : plan.tape.length,
      runs,
      tookMs,
      failsClean: (await clean.failureOf(plan)) !== null,
    };
    return { mutant, shrunk };
  } finally {
    await Promise.all([mutated.close(), clean.close()]);
  }
}

function isSmall({ steps, choices }: NonNullable<ShrunkMutant["shrunk"]>): boolean {
  return steps + choices <= stepsMax;
}

function cells({ mutant, shrunk }: ShrunkMutant): string[] {
  if (shrunk === null) return [mutant.name, "–", "", "", "", "", "", "", "FAILED: not found"];
  const { invariant, stepsBefore, steps, choices, runs, tookMs, failsClean } = shrunk;
  const numbers = [stepsBefore, steps, choices, steps + choices, runs].map(String);
  const trouble = isSmall(shrunk) ? "" : `FAILED: more than ${stepsMax} steps`;
  const note = failsClean ? "fails without the mutant too" : "";
  return [mutant.name, invariant, ...numbers, (tookMs / 1_000).toFixed(1), [trouble, note].filter(Boolean).join("; ")];
}
