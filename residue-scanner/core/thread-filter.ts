/** The kernel's filter for events about one of these threads, in ranges where there are too many for its room. */
export function threadFilter(field: string, threads: readonly number[], charactersMax: number): string {
  let ranges = [...new Set(threads)]
    .sort((one, other) => one - other)
    .map((thread) => [thread, thread] as [number, number]);
  for (;;) {
    const text = ranges
      .map(([from, to]) => (from === to ? `${field} == ${from}` : `(${field} >= ${from} && ${field} <= ${to})`))
      .join(" || ");
    if (text.length <= charactersMax || ranges.length < 2) return text;
    ranges = joined(ranges);
  }
}

/** Every second one with the one before it. */
function joined(ranges: readonly [number, number][]): [number, number][] {
  const fewer: [number, number][] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [from, to] = ranges[at] as [number, number];
    fewer.push([from, ranges[at + 1]?.[1] ?? to]);
  }
  return fewer;
}
