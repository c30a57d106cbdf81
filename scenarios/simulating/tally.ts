import { createHash } from "node:crypto";

import type { Failure } from "../simulator/outcome.ts";
import { failureKey } from "../simulator/shrink/same-failure.ts";
import type { BatchResult, SeedResult } from "./seed-batch.ts";

/** One way in which seeds failed. */
export interface FailureKind {
  /** Of the first seed that showed it. */
  readonly failure: Failure;
  readonly seed: string;
  /** How many seeds showed it. */
  count: number;
}

/** The jobs of each seed that were completed by the end of its safety phase, as a share of the submitted. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Sums up what seeds came to. Results are added in the order of their seeds. */
export class Tally {
  readonly failures = new Map<string, FailureKind>();
  readonly jobs = { submitted: 0, completed: 0, failed: 0, cancelled: 0, completedInTime: 0 };
  readonly marks = new Map<string, number>();
  coverage = new Uint32Array(0);
  seeds = 0;
  failed = 0;
  steps = 0;
  events = 0;
  agentHours = 0;
  readonly #digest = createHash("sha256");
  readonly #completionRatios: number[] = [];

  add({ results, coverage, marks }: BatchResult): void {
    for (const result of results) this.#addSeed(result);
    if (this.coverage.length < coverage.length) {
      const longer = new Uint32Array(coverage.length);
      longer.set(this.coverage);
      this.coverage = longer;
    }
    for (const [cell, count] of coverage.entries()) this.coverage[cell] = (this.coverage[cell] ?? 0) + count;
    for (const [mark, count] of Object.entries(marks)) this.marks.set(mark, (this.marks.get(mark) ?? 0) + count);
  }

  /** 16 hexadecimal digits over the seeds and their digests, in order: the same seeds give the same ones everywhere. */
  digest(): string {
    return this.#digest.copy().digest("hex").slice(0, 16);
  }

  /** Null when no seed submitted a job. */
  completion(): Spread | null {
    const sorted = this.#completionRatios.toSorted((left, right) => left - right);
    const [min, max] = [sorted[0], sorted.at(-1)];
    if (min === undefined || max === undefined) return null;
    const upper = sorted[Math.floor(sorted.length / 2)] as number;
    const lower = sorted[Math.floor((sorted.length - 1) / 2)] as number;
    return { min, median: (lower + upper) / 2, max };
  }

  #addSeed({ seed, failure, steps, events, agentHours, digest, jobs }: SeedResult): void {
    this.seeds += 1;
    this.steps += steps;
    this.events += events;
    this.agentHours += agentHours;
    for (const name of Object.keys(this.jobs) as (keyof typeof this.jobs)[]) this.jobs[name] += jobs[name];
    if (jobs.submitted > 0) this.#completionRatios.push(jobs.completedInTime / jobs.submitted);
    this.#digest.update(`${seed} ${digest}\n`);
    if (failure === null) return;
    this.failed += 1;
    const key = failureKey(failure);
    const known = this.failures.get(key);
    if (known === undefined) this.failures.set(key, { failure, seed, count: 1 });
    else known.count += 1;
  }
}
