import type { Lane } from "../figures/lanes/lane.ts";

/** The span of a row that is nearest to a time; -1 where the row has none. */
export function spanAt(lane: Lane | undefined, ms: number): number {
  if (lane === undefined || lane.from.length === 0) return -1;
  const before = lastBefore(lane, ms);
  if (before === -1) return 0;
  const after = Math.min(lane.from.length - 1, before + 1);
  if (lane.kind === "spans" && (lane.to[before] as number) >= ms) return before;
  const end = lane.kind === "spans" ? (lane.to[before] as number) : (lane.from[before] as number);
  return ms - end <= (lane.from[after] as number) - ms || after === before ? before : after;
}

/** One further to the right or the left. */
export function nextSpan(lane: Lane | undefined, span: number, step: 1 | -1): number {
  if (lane === undefined || lane.from.length === 0) return -1;
  return Math.min(lane.from.length - 1, Math.max(0, span + step));
}

/** The last one that begins at or before a time, by halving; -1 where none does. */
export function lastBefore({ from }: Lane, ms: number): number {
  let [low, high] = [-1, from.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((from[middle] as number) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}
