import { createHash } from "node:crypto";

import type { Scenario } from "../steps/scenario.ts";
import { type Shard, shardOf } from "./shard.ts";

/** One scenario to run, for one repeat. */
export interface PlannedEntry {
  /** Its place in the whole suite, from 0, whatever shard it falls to. */
  readonly position: number;
  readonly scenario: Scenario;
  /** Which repeat it is, from 1. */
  readonly repeat: number;
  readonly repeats: number;
  readonly seed: string;
}

export interface SuitePlan {
  /** How many entries the whole suite has, over all shards. */
  readonly planned: number;
  /** 16 hexadecimal digits over which scenarios the whole suite has, in order; whatever their seeds. */
  readonly digest: string;
  readonly entries: readonly PlannedEntry[];
}

/**
 * What a command runs, in order: first what failed last time is kept, then each is repeated, then the shard takes its
 * part. So `--last-failed --repeat-each 10 --shard 1/2` is half of ten runs of whatever failed.
 *
 * @param failed the names of those that failed last time; null when that does not matter
 * @param seed of the first repeat; the others' follow from it
 */
export function planSuite({
  scenarios,
  failed,
  repeats,
  shard,
  seed,
}: {
  readonly scenarios: readonly Scenario[];
  readonly failed: ReadonlySet<string> | null;
  readonly repeats: number;
  readonly shard: Shard | null;
  readonly seed: string;
}): SuitePlan {
  const kept = scenarios.filter(({ name }) => failed === null || failed.has(name));
  const all = Array.from({ length: repeats }, (_, index) => index + 1)
    .flatMap((repeat) => kept.map((scenario) => ({ scenario, repeat, repeats, seed: seedOf(seed, repeat) })))
    .map((entry, position) => ({ position, ...entry }));
  return { planned: all.length, digest: digestOf(kept, repeats), entries: shard === null ? all : shardOf(all, shard) };
}

/** Of shards on several machines each may draw a seed of its own: they are parts of one suite all the same. */
function digestOf(scenarios: readonly Scenario[], repeats: number): string {
  const told = JSON.stringify({ names: scenarios.map(({ name }) => name), repeats });
  return createHash("sha256").update(told).digest("hex").slice(0, 16);
}

/** Each repeat draws its own figures; the first one's are those of a run without repeats. */
function seedOf(seed: string, repeat: number): string {
  return repeat === 1 ? seed : `${seed}-${repeat}`;
}
