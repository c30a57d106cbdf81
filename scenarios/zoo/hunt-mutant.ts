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

interface Threads {
  readonly base: string;
  readonly mutated: Pick<HuntThread, "firstFailing">;
  readonly clean: Pick<HuntThread, "failureOf">;
}

/** Runs seeds until one fails with the mutant and not without it. */
export async function huntMutant(mutant: Mutant, threads: Threads): Promise<Hunt> {
  return await huntAmong(mutant, { ...threads, from: 0, to: seedsMax });
}

/**
 * Whether this seed still shows the mutant. If so, a hunt from the first seed takes at most as many, which is what is
 * told; the seeds before it need not be run to know that. If not, hunts from the first.
 */
export async function huntMutantAgain(mutant: Mutant, threads: Threads & { readonly number: number }): Promise<Hunt> {
  const { number } = threads;
  const again = await huntAmong(mutant, { ...threads, from: number, to: number + 1 });
  return again.found === null ? await huntMutant(mutant, threads) : again;
}

async function huntAmong(
  mutant: Mutant,
  { base, mutated, clean, from, to }: Threads & { readonly from: number; readonly to: number },
): Promise<Hunt> {
  const { profile = "quick" } = mutant;
  let skipped = 0;
  for (let next = from; next < to; ) {
    const found = await mutated.firstFailing({ profile, base, from: next, to });
    if (found === null) break;
    if ((await clean.failureOf(found.plan)) === null) return { base, seeds: found.number + 1, found, skipped };
    skipped += 1;
    next = found.number + 1;
  }
  return { base, seeds: null, found: null, skipped };
}
