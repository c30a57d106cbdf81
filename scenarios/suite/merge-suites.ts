import { UsageError } from "../../foundation/errors.ts";
import type { SuiteEntry, SuiteRecord } from "../../protocol/suite.ts";

/** A shard's record, and where it lies. */
export interface ShardSuite {
  readonly directory: string;
  readonly record: SuiteRecord;
}

export interface MergedSuite {
  readonly record: SuiteRecord;
  /** Every entry with the folder that holds its runs, in the suite's order. */
  readonly entries: readonly (SuiteEntry & { readonly directory: string })[];
  /** What no shard has, one sentence each: the whole is unknown then. */
  readonly missing: readonly string[];
}

/**
 * The suite that shards are the parts of.
 *
 * @throws UsageError `not-one-suite` when they are parts of different ones, or the same part twice
 */
export function mergeSuites(shards: readonly ShardSuite[]): MergedSuite {
  const [first, ...others] = shards;
  if (first === undefined) throw notOneSuite("There is nothing to merge");
  for (const { directory, record } of others) {
    if (record.stage !== first.record.stage) {
      throw notOneSuite(
        `${directory} ran on the stage ${record.stage}, and ${first.directory} on ${first.record.stage}`,
      );
    }
    if (record.planned !== first.record.planned || record.shard?.total !== first.record.shard?.total) {
      throw notOneSuite(`${directory} is ${partOf(record)}, and ${first.directory} is ${partOf(first.record)}`);
    }
    if (record.plan !== first.record.plan) {
      throw notOneSuite(`${directory} and ${first.directory} are parts of different suites: each planned other runs`);
    }
  }
  const entries = shards
    .flatMap(({ directory, record }) => record.entries.map((entry) => ({ ...entry, directory })))
    .sort((one, other) => one.position - other.position);
  checkOnce(entries);
  return { entries, missing: missingFrom(first.record, shards), record: merged(shards, entries) };
}

function merged(shards: readonly ShardSuite[], entries: readonly (SuiteEntry & { directory: string })[]): SuiteRecord {
  const [{ record: first }] = shards as [ShardSuite];
  const leftOut = [...new Set(shards.flatMap(({ record }) => record.leftOut ?? []))];
  return {
    ...{ version: 1, stage: first.stage, planned: first.planned, shard: null },
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(first.plan === undefined ? {} : { plan: first.plan }),
    startedAt: Math.min(...shards.map(({ record }) => record.startedAt)),
    endedAt: Math.max(...shards.map(({ record }) => record.endedAt)),
    entries: entries.map(({ directory: _directory, ...entry }) => entry),
  };
}

function checkOnce(entries: readonly (SuiteEntry & { readonly directory: string })[]): void {
  for (const [index, { position, scenario, directory }] of entries.entries()) {
    const next = entries[index + 1];
    if (next?.position === position) {
      throw notOneSuite(`${directory} and ${next.directory} both ran ${scenario} as number ${position + 1}`);
    }
  }
}

function missingFrom({ planned, shard }: SuiteRecord, shards: readonly ShardSuite[]): string[] {
  const unbegun = shards.flatMap(({ directory, record }) => neverBegan(directory, record));
  const given = new Set(shards.map(({ record }) => record.shard?.index));
  const absent = Array.from({ length: shard?.total ?? 0 }, (_, index) => index + 1).filter((one) => !given.has(one));
  const held = shards.reduce((sum, { record }) => sum + record.entries.length, 0);
  if (planned === 0) return ["The records plan no run."];
  if (held >= planned) return unbegun;
  if (absent.length === 0) return [...unbegun, `Of ${planned} runs the records hold ${held}.`];
  return [...unbegun, ...absent.map((index) => `Shard ${index} of ${shard?.total} is missing.`)];
}

function neverBegan(directory: string, { entries }: SuiteRecord): string[] {
  const count = entries.filter(({ outcome }) => outcome === "not-run").length;
  return count === 0 ? [] : [`${directory}: ${count} of ${entries.length} runs never began.`];
}

function partOf({ planned, shard }: SuiteRecord): string {
  return shard === null ? `all of ${planned} runs` : `shard ${shard.index} of ${shard.total} of ${planned} runs`;
}

function notOneSuite(why: string): UsageError {
  return new UsageError(`${why}.`, {
    code: "not-one-suite",
    next: "Merge what the shards of one `scenarios run` left, each with its own --output.",
  });
}
