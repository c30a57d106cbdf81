/** A lease is given up this long before it ends, or a tenth of its life before, whichever is more … */
const marginMsMin = 10_000;
const marginRatio = 0.1;
/** … but never more than this share of a short lease, or it would be given up as soon as it is granted. */
const marginRatioMax = 0.2;

/**
 * How long before the end of a lease its holder gives it up by itself, in milliseconds: what it has then to end the job's
 * processes before the broker may grant the job again (docs/cases.md, case 3).
 */
export function leaseMarginMs(ttlMs: number): number {
  return Math.min(Math.max(marginMsMin, ttlMs * marginRatio), ttlMs * marginRatioMax);
}
