import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import { z } from "zod";

import type { Scenario } from "../../steps/scenario.ts";
import type { Mutant } from "../../zoo/mutant.ts";
import { scenarioOfBug } from "../planted-name.ts";
import { inRepository } from "./in-repository.ts";

const file = new URL("../planted-on-host.json", import.meta.url);

/** What was seen of one bug in one scenario. */
const PairRecord = z.strictObject({
  /** Of the bug and the scenario as they were then: `pairDigest`. */
  digest: z.string(),
  /** What the scenario said with the bug, paths from the repository's root; null where it passed. */
  says: z.string().nullable(),
  /** How many bugs were planted at once when it passed, where that was more than this one. */
  atOnce: z.int().min(2).optional(),
});
export type PairRecord = z.infer<typeof PairRecord>;

/** By the bug's name, and then by the scenario's. */
export const PairRecords = z.record(z.string(), z.record(z.string(), PairRecord));
export type PairRecords = z.infer<typeof PairRecords>;

/** One bug in one scenario. */
export interface Pair {
  readonly mutant: Mutant;
  readonly scenario: Scenario;
}

/**
 * 16 hexadecimal digits over what decides what the pair comes to, besides the product itself: what the bug replaces,
 * and what the scenario does and expects by default. What either is called, how it is described, and how long a step
 * may wait at most, which matters on a busy host alone, is not in it.
 */
export function pairDigest({ mutant, scenario }: Pair): string {
  const { defaults, timing, needs, store } = scenario;
  const told = { steps: scenario.steps(defaults), expectations: scenario.expectations(defaults) };
  const played = { ...told, defaults, timing, needs, store };
  return createHash("sha256")
    .update(JSON.stringify([mutant.patches, played], withoutPatience))
    .digest("hex")
    .slice(0, 16);
}

function withoutPatience(key: string, value: unknown): unknown {
  return key === "withinMs" || key === "perJobMs" ? undefined : value;
}

export function isOwn({ mutant, scenario }: Pair): boolean {
  return scenarioOfBug(mutant.name) === scenario.name;
}

/** What the pair's record says, if it is of the bug and the scenario as they are now. */
export function currentRecord(records: PairRecords, pair: Pair): PairRecord | undefined {
  const record = records[pair.mutant.name]?.[pair.scenario.name];
  return record?.digest === pairDigest(pair) ? record : undefined;
}

/**
 * What is wrong with the records of these pairs, a sentence for each: none, an old one, or one of a bug that is not
 * exact.
 */
export function recordProblems(records: PairRecords, pairs: readonly Pair[]): string[] {
  return pairs.flatMap((pair) => {
    const where = `the bug ${pair.mutant.name} in ${pair.scenario.name}`;
    const record = currentRecord(records, pair);
    if (record === undefined) {
      const isOld = records[pair.mutant.name]?.[pair.scenario.name] !== undefined;
      return [`${where}: ${isOld ? "changed since it was played" : "never played"}`];
    }
    if ((record.says !== null) === isOwn(pair)) return [];
    return [`${where}: ${record.says === null ? "not found" : `found, though it is another's: ${record.says}`}`];
  });
}

/** Those that must be recorded, each bug with its own scenario, and those that are, be it of an earlier state. */
export function recordedPairs(records: PairRecords, pairs: readonly Pair[]): Pair[] {
  return pairs.filter((pair) => isOwn(pair) || records[pair.mutant.name]?.[pair.scenario.name] !== undefined);
}

export function readPairRecords(): PairRecords {
  return PairRecords.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** With this pair's record, and of all the others those that there are pairs for, in the order of these. */
export function withPairRecord(
  records: PairRecords,
  all: readonly Pair[],
  pair: Pair,
  seen: Omit<PairRecord, "digest">,
): PairRecords {
  const merged: PairRecords = {};
  for (const { mutant, scenario } of all) {
    const isThis = mutant.name === pair.mutant.name && scenario.name === pair.scenario.name;
    const says = seen.says === null ? null : inRepository(seen.says);
    const record = isThis ? { digest: pairDigest(pair), ...seen, says } : records[mutant.name]?.[scenario.name];
    if (record !== undefined) (merged[mutant.name] ??= {})[scenario.name] = record;
  }
  return merged;
}

export function writePairRecords(records: PairRecords): void {
  writeFileSync(file, `${JSON.stringify(records, null, 2)}\n`);
}
