import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { MutantCoverage } from "@stryker-mutator/api/core";
import { declareFactoryPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  determineHitLimitReached,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from "@stryker-mutator/api/test-runner";

import type { Mark } from "../../../foundation/sometimes.ts";
import type * as Profiles from "../../simulator/plan/profiles.ts";
import type * as Simulate from "../../simulator/simulate.ts";
import { wantedSeeds } from "./wanted-seeds.ts";

/** How many seeds there are to judge by: by the zoo's own rule, unless HOUSEGUEST_MUTATION_SEEDS asks for fewer, or more. */
const seeds = wantedSeeds(process.env["HOUSEGUEST_MUTATION_SEEDS"]);

/** So many of those that come by a mutant judge it: what most seeds come by needs no more. */
const judgesMax = 400;

/** A situation is missed where so many of the judges came to it without the mutant, and none does with it. */
const hitsMin = 5;

/** The marks that each seed reached without a mutant: written by the first run, for all the processes that judge. */
const reachedFile = ".marks-reached.json";

/** Where Stryker's instrumented code looks which mutant is active, and counts what it came by. */
const instrumentation: {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  hitCount: number | undefined;
  hitLimit: number | undefined;
  mutantCoverage: MutantCoverage;
} = {
  activeMutant: undefined,
  currentTestId: undefined,
  hitCount: undefined,
  hitLimit: undefined,
  mutantCoverage: { static: {}, perTest: {} },
};
Object.assign(globalThis, { __stryker__: instrumentation });

interface Simulator {
  readonly planFor: typeof Profiles.planFor;
  readonly simulate: typeof Simulate.simulate;
}

/** What a seed came to: why it failed, or which marks it reached. */
type Verdict = { readonly failed: string } | { readonly marks: readonly Mark[] };

/**
 * Judges Stryker's mutants by the seeds of the quick profile: every seed is a test, and a mutant is judged by those
 * seeds that come by its line, until one fails. Where none fails, the situations that were common without the mutant
 * must still come about with it: whoever never gets there any more is broken too. An endless loop is known by how often
 * it comes by the mutant, not by the time that it takes.
 *
 * Many mutants are judged in one process. A seed that failed must therefore pass again without its mutant: if it does
 * not, something of the mutant has stayed, and Stryker is to judge it anew in a fresh process.
 */
class SeedRunner implements TestRunner {
  #simulator: Simulator | null = null;
  #reached: ReadonlyMap<string, readonly Mark[]> | null = null;

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    const reached: Record<string, readonly Mark[]> = {};
    // What a module does while it loads belongs to no seed, and is judged in a process of its own.
    await this.#load();
    for (let number = 0; number < seeds; number += 1) {
      const seed = `stryker-${number}`;
      instrumentation.currentTestId = seed;
      const startedMs = performance.now();
      const verdict = await this.#run(seed);
      const timeSpentMs = performance.now() - startedMs;
      const test = { id: seed, name: seed, timeSpentMs };
      if ("failed" in verdict) tests.push({ ...test, status: TestStatus.Failed, failureMessage: verdict.failed });
      else {
        tests.push({ ...test, status: TestStatus.Success });
        reached[seed] = verdict.marks;
      }
    }
    instrumentation.currentTestId = undefined;
    writeFileSync(reachedFile, JSON.stringify(reached));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: instrumentation.mutantCoverage };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    mutantActivation,
  }: MutantRunOptions): Promise<MutantRunResult> {
    instrumentation.hitCount = hitLimit === undefined ? undefined : 0;
    instrumentation.hitLimit = hitLimit;
    instrumentation.activeMutant = activeMutant.id;
    const without = this.#reachedWithout();
    const judges = (testFilter ?? [...without.keys()]).slice(0, judgesMax);
    const missed = new Map<Mark, number>();
    const reached = new Set<Mark>();
    for (const seed of judges) {
      const verdict = await this.#run(seed);
      if ("failed" in verdict) {
        const looped = determineHitLimitReached(instrumentation.hitCount, hitLimit);
        // What a module did while it loaded stays, and is judged in a process of its own.
        if (mutantActivation === "runtime") await this.#assertHealed(seed, activeMutant.id);
        if (looped !== undefined) return { status: MutantRunStatus.Timeout, reason: verdict.failed };
        return killed(seed, verdict.failed, judges.length);
      }
      for (const mark of without.get(seed) ?? []) missed.set(mark, (missed.get(mark) ?? 0) + 1);
      for (const mark of verdict.marks) reached.add(mark);
    }
    const never = [...missed].filter(([mark, times]) => times >= hitsMin && !reached.has(mark)).map(([mark]) => mark);
    const [by] = judges;
    if (by !== undefined && never.length > 0) return killed(by, `never again: ${never.join("; ")}`, judges.length);
    return { status: MutantRunStatus.Survived, nrOfTests: judges.length };
  }

  /** @throws Error where the seed fails without the mutant too. */
  async #assertHealed(seed: string, mutant: string): Promise<void> {
    instrumentation.activeMutant = undefined;
    const verdict = await this.#run(seed);
    if ("failed" in verdict) throw new Error(`${seed} fails after mutant ${mutant} was taken out: ${verdict.failed}`);
  }

  async #run(seed: string): Promise<Verdict> {
    try {
      const { planFor, simulate } = await this.#load();
      const { failure, marks } = simulate(planFor({ seed, profile: "quick" }), { digest: false });
      if (failure !== null) return { failed: `${seed}: ${failure.story[0]}` };
      return { marks: (Object.keys(marks) as Mark[]).filter((mark) => (marks[mark] ?? 0) > 0) };
    } catch (error) {
      return { failed: `${seed}: ${String(error)}` };
    }
  }

  /** The instrumented modules, loaded when a mutant may already be active: tables are made while they load. */
  async #load(): Promise<Simulator> {
    if (this.#simulator === null) {
      const at = (path: string) => pathToFileURL(join(process.cwd(), "scenarios", "simulator", path)).href;
      const { planFor } = (await import(at("plan/profiles.ts"))) as typeof Profiles;
      const { simulate } = (await import(at("simulate.ts"))) as typeof Simulate;
      this.#simulator = { planFor, simulate };
    }
    return this.#simulator;
  }

  #reachedWithout(): ReadonlyMap<string, readonly Mark[]> {
    this.#reached ??= new Map(Object.entries(JSON.parse(readFileSync(reachedFile, "utf8")) as Record<string, Mark[]>));
    return this.#reached;
  }
}

function killed(by: string, failureMessage: string, nrOfTests: number): MutantRunResult {
  return { status: MutantRunStatus.Killed, killedBy: [by], failureMessage, nrOfTests };
}

const createSeedRunner = (): TestRunner => new SeedRunner();

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "seeds", createSeedRunner)];
