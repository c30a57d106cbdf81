/** Lists up to this long are searched for pairs that can only go together, which takes length²/2 attempts. */
const pairsLengthMax = 14;

export interface Attempt<T> {
  /** Whether the shorter list still shows what it is about; called only with lists shorter than the last one that did. */
  readonly holds: (kept: readonly T[]) => boolean;
  /** True ends the search with what it has: a long list takes long to go through even when nothing is tried any more. */
  readonly gaveUp: () => boolean;
}

/**
 * Leaves out as much as possible: halves first, then ever smaller chunks, then single items, then pairs (delta
 * debugging, Zeller & Hildebrandt 2002). From the end, because what comes late has fewer consequences.
 *
 * @returns the shortest list for which `holds` was true, or the whole one
 */
export function minimizeList<T>(items: readonly T[], attempt: Attempt<T>): readonly T[] {
  let kept = items;
  if (kept.length === 0) return kept;
  if (attempt.holds([])) return [];
  for (let size = Math.ceil(kept.length / 2); size > 1; size = Math.ceil(size / 2)) {
    kept = withoutChunks(kept, size, attempt);
  }
  for (;;) {
    const fewer = withoutChunks(kept, 1, attempt);
    const again = fewer.length < kept.length;
    kept = fewer;
    if (again) continue;
    const smaller = kept.length <= pairsLengthMax ? withoutOnePair(kept, attempt) : null;
    if (smaller === null) return kept;
    kept = smaller;
  }
}

function withoutChunks<T>(items: readonly T[], size: number, { holds, gaveUp }: Attempt<T>): readonly T[] {
  let kept = items;
  for (let end = kept.length; end > 0 && !gaveUp(); end -= size) {
    const candidate = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
    // Everything at once was tried before, and is known not to hold.
    if (candidate.length > 0 && holds(candidate)) kept = candidate;
  }
  return kept;
}

function withoutOnePair<T>(items: readonly T[], { holds }: Attempt<T>): readonly T[] | null {
  for (let later = items.length - 1; later > 0; later -= 1) {
    for (let earlier = later - 1; earlier >= 0; earlier -= 1) {
      const candidate = items.filter((_, index) => index !== later && index !== earlier);
      if (candidate.length > 0 && holds(candidate)) return candidate;
    }
  }
  return null;
}
