/** More than this share of the longer name must agree for it to be worth suggesting. */
const likenessMin = 0.4;

/** The name that was most likely meant: one that holds the word, else the one with the fewest edits; if any is close. */
export function nearest(wanted: string, names: readonly string[]): string | undefined {
  const holding = wanted.length >= 3 ? names.find((name) => name.includes(wanted)) : undefined;
  if (holding !== undefined) return holding;
  let best: { name: string; likeness: number } | undefined;
  for (const name of names) {
    const likeness = 1 - edits(wanted, name) / Math.max(1, wanted.length, name.length);
    if (best === undefined || likeness > best.likeness) best = { name, likeness };
  }
  return best !== undefined && best.likeness > likenessMin ? best.name : undefined;
}

/** The Levenshtein distance: insertions, deletions and replacements of one character. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
