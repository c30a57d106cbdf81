import type { Touch } from "./recording.ts";

/** @returns one touch a process, the first first */
export function joinedTouches(touches: readonly Touch[]): Touch[] {
  return sortedTouches(addTouches(new Map(), touches));
}

/** @param byProcess gets them, one a process */
export function addTouches(byProcess: Map<number, Touch>, touches: readonly Touch[]): Map<number, Touch> {
  for (const touch of touches) {
    const known = byProcess.get(touch.by);
    byProcess.set(touch.by, known === undefined ? touch : join(known, touch));
  }
  return byProcess;
}

/** The first first. */
export function sortedTouches(byProcess: ReadonlyMap<number, Touch>): Touch[] {
  return [...byProcess.values()].sort((one, other) => one.firstMs - other.firstMs);
}

function join(one: Touch, other: Touch): Touch {
  return {
    by: one.by,
    kinds: [...new Set([...one.kinds, ...other.kinds])],
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: Math.max(one.lastMs, other.lastMs),
  };
}
