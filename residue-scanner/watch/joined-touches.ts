import type { Touch } from "../core/recording.ts";

/** @returns the directory and the name; `/` and nothing for the root */
export function splitPath(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf("/");
  return [path.slice(0, Math.max(slash, 1)), path.slice(slash + 1)];
}

/** One touch a process, the first first. */
export function joinedTouches(touches: readonly Touch[]): Touch[] {
  const byProcess = new Map<number, Touch>();
  for (const touch of touches) {
    const known = byProcess.get(touch.by);
    byProcess.set(touch.by, known === undefined ? touch : join(known, touch));
  }
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
