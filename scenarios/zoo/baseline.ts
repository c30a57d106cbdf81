import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { Hunt } from "./hunt-mutant.ts";

const file = join(import.meta.dirname, "baseline.json");

/** How a mutant was found: over several seeds to begin at, because single figures jump. */
export const Finding = z.strictObject({
  /** Seeds to detection, the middle one; null when most hunts found nothing. */
  median: z.int().nullable(),
  /** Seeds to detection of each hunt. */
  found: z.array(z.int().nullable()),
  /** What it violated, sorted. */
  invariants: z.array(z.string()),
});
export type Finding = z.infer<typeof Finding>;

export const Baseline = z.record(z.string(), Finding);
export type Baseline = z.infer<typeof Baseline>;

/** A mutant may take so many times as many seeds as the baseline says, and so many more, before that counts as worse. */
const worseRatio = 5;
const worseSeeds = 50;

export function findingOf(hunts: readonly Hunt[]): Finding {
  const found = hunts.map(({ seeds }) => seeds);
  const invariants = new Set(hunts.flatMap(({ found }) => (found === null ? [] : [found.failure.invariant])));
  const sorted = found.map((seeds) => seeds ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  return { median: Number.isFinite(middle) ? middle : null, found, invariants: [...invariants].sort() };
}

/** Which of a mutant's hunts needed the fewest seeds; the first for a mutant that the baseline does not know. */
export function quickestHunt(finding: Finding | undefined): { readonly index: number; readonly seeds: number } {
  let quickest = { index: 0, seeds: Number.POSITIVE_INFINITY };
  for (const [index, seeds] of (finding?.found ?? []).entries()) {
    if (seeds !== null && seeds < quickest.seeds) quickest = { index, seeds };
  }
  return quickest;
}

/** What is wrong with a finding, in a few words, or null. */
export function troubleWith(finding: Finding, before: Finding | undefined): string | null {
  const missed = finding.found.filter((seeds) => seeds === null).length;
  if (missed > 0) return finding.found.length === 1 ? "not found" : `not found ${missed} times`;
  if (before?.median === undefined || before.median === null || finding.median === null) return null;
  return finding.median > worseRatio * before.median + worseSeeds ? "takes longer than before" : null;
}

export function readBaseline(): Baseline {
  return existsSync(file) ? Baseline.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
}

/** Sorted by name, so that it reads well in a diff. */
export function writeBaseline(baseline: Baseline): void {
  const sorted = Object.fromEntries(Object.entries(baseline).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2).replaceAll(/\[\s+([^\]]*?)\s+\]/g, oneLine)}\n`);
}

function oneLine(_list: string, items: string): string {
  return `[${items.replaceAll(/,\s+/g, ", ")}]`;
}
