import { UsageError } from "../../../foundation/errors.ts";
import { seedsMax } from "../hunt-mutant.ts";

/** Nobody waits for more: each line of both cores is judged by them. */
const seedsWantedMax = 1_000_000;

/**
 * How many seeds judge `npm run mutate`: as many as a hunt for a planted bug may take, unless somebody wants another number.
 *
 * @param text what HOUSEGUEST_MUTATION_SEEDS says, if it is set
 * @throws UsageError where that is no whole number from 1: none would find nothing and look like a result
 */
export function wantedSeeds(text: string | undefined): number {
  if (text === undefined) return seedsMax;
  const seeds = Number(text);
  if (/^\d+$/.test(text) && seeds >= 1 && seeds <= seedsWantedMax) return seeds;
  // Stryker shows nothing but the message.
  const next = `Give a whole number from 1 to ${seedsWantedMax}, or leave it out for ${seedsMax}.`;
  const message = `HOUSEGUEST_MUTATION_SEEDS is ${JSON.stringify(text)}, which is no number of seeds. ${next}`;
  throw new UsageError(message, { code: "usage", next });
}
