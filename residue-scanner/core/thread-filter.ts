type Range = readonly [from: number, to: number];

/**
 * The kernel's filter for events about one of these threads, in ranges. Where there are too many for its room, the
 * nearest are joined: it lets others through as well then, and whoever reads the events has to look.
 */
export function threadFilter(field: string, threads: readonly number[], charactersMax: number): string {
  const sorted = [...new Set(threads)].sort((one, other) => one - other);
  const gaps = sorted.slice(1).map((thread, index) => thread - (sorted[index] as number));
  const widths = [...new Set([1, ...gaps])].sort((one, other) => one - other);
  // The narrowest gap that has to be closed so that it fits.
  let [low, high] = [0, widths.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (textOf(field, joined(sorted, widths[middle] as number)).length <= charactersMax) high = middle;
    else low = middle + 1;
  }
  return textOf(field, joined(sorted, widths[low] as number));
}

/** @param gap neighbours that are no farther apart are in one range */
function joined(sorted: readonly number[], gap: number): Range[] {
  const ranges: [number, number][] = [];
  for (const thread of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && thread - last[1] <= gap) last[1] = thread;
    else ranges.push([thread, thread]);
  }
  return ranges;
}

function textOf(field: string, ranges: readonly Range[]): string {
  return ranges
    .map(([from, to]) => (from === to ? `${field} == ${from}` : `(${field} >= ${from} && ${field} <= ${to})`))
    .join(" || ");
}
