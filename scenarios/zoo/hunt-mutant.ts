import type { HuntThread } from "./hunt-thread.ts";
import type { FailingSeed } from "./hunt-worker.ts";
import type { Mutant } from "./mutant.ts";

/** Within so many seeds a mutant must be found. */
export const seedsMax = 2_000;

/** How the hunt for a mutant ended that began at one seed. */
export interface Hunt {
  readonly base: string;
  /** How many seeds it took; null when none of them showed the mutant. */
  readonly seeds: number | null;
  readonly found: FailingSeed | null;
  /** Seeds that prove nothing, because they fail without the mutant too. */
  readonly skipped: number;
}

/** Runs seeds until one fails with the mutant and not without it. */
export async function huntMutant(
  mutant: Mutant,
  {
    base,
    mutated,
    clean,
  }: { base: string; mutated: Pick<HuntThread, "firstFailing">; clean: Pick<HuntThread, "failureOf"> },
): Promise<Hunt> {
  const { profile = "quick" } = mutant;
  let skipped = 0;
  for (let from = 0; from < seedsMax; ) {
    const found = await mutated.firstFailing({ profile, base, from, to: seedsMax });
    if (found === null) break;
    if ((await clean.failureOf(found.plan)) === null) return { base, seeds: found.number + 1, found, skipped };
    skipped += 1;
    from = found.number + 1;
  }
  return { base, seeds: null, found: null, skipped };
}
