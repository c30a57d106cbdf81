/** A share of tries, with the interval in which the true share lies in 95 of 100 such experiments. */
export interface Share {
  readonly hits: number;
  readonly tries: number;
  /** From 0 to 1. */
  readonly low: number;
  readonly high: number;
}

/** The quantile of the normal distribution that leaves 2.5 % on either side. */
const z = 1.959_963_984_540_054;

/**
 * The score interval of E. B. Wilson (1927), which stays within 0 and 1 and holds for few tries and for shares of all or
 * none. Without a try nothing is known: from 0 to 1.
 */
export function wilsonShare(hits: number, tries: number): Share {
  if (tries === 0) return { hits, tries, low: 0, high: 1 };
  const share = hits / tries;
  const middle = share + z ** 2 / (2 * tries);
  const reach = z * Math.sqrt((share * (1 - share)) / tries + z ** 2 / (4 * tries ** 2));
  const scale = 1 + z ** 2 / tries;
  const low = hits === 0 ? 0 : (middle - reach) / scale;
  const high = hits === tries ? 1 : (middle + reach) / scale;
  return { hits, tries, low, high };
}

/** `88 of 90 (97.8 %; 95 % interval 92.3 to 99.4 %)` */
export function showShare({ hits, tries, low, high }: Share): string {
  const percent = (share: number) => (share * 100).toFixed(1);
  const of = tries === 0 ? "none tried" : `${percent(hits / tries)} %`;
  return `${hits} of ${tries} (${of}; 95 % interval ${percent(low)} to ${percent(high)} %)`;
}
